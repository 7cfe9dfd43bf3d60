import { $internal, addComponent, addEntity, createRelation, createWorld, type InternalWorld } from 'bitecs'
import { attachMk, GpuSynced, type MkOptions } from '@memkit/ecs-plugin'
import { MkCoordinator } from '@memkit/coordinator'
import type { MkGpu } from '@memkit/gpu'

/** What is left of worlds that were attached and let go of. */
export interface Left {
  readonly cycles: number
  /** Heaps (WebAssembly memories) that are alive; those that no collection has looked for yet count too. */
  readonly heaps: number
  /** Queries and observed components that bitECS keeps. */
  readonly queries: number
  readonly queriesOfComponents: number
  /** Buffers on the MkGpu that was lent; undefined where a device was. */
  readonly buffers: number | undefined
}

/** A world that is attached to one lent device and let go of, again and again. */
class AttachSoak {
  cycles = 0
  readonly #lent: MkGpu | GPUDevice
  readonly #counts: boolean
  readonly #world = createWorld()
  readonly #parent: number
  readonly #ChildOf = createRelation()
  readonly #A = GpuSynced({ x: new Float32Array(200) }, { label: 'A' })
  readonly #B = GpuSynced({ y: new Uint32Array(200) }, { label: 'B', rows: 'packed', changes: 'marked' })
  readonly #C = GpuSynced({ z: new Float32Array(200) }, { label: 'C', direction: 'both' })
  readonly #heaps: WeakRef<object>[] = []

  /** @param counts looks for heaps that are alive: where collections can be asked for */
  constructor(lent: MkGpu | GPUDevice, counts: boolean) {
    this.#lent = lent
    this.#counts = counts
    this.#parent = addEntity(this.#world)
    for (let i = 0; i < 50; i++) {
      const entity = addEntity(this.#world)
      for (const component of [this.#A, this.#B, this.#C, this.#ChildOf(this.#parent)])
        addComponent(this.#world, entity, component)
    }
  }

  /** Attaches, runs a few frames with queries and readbacks, and disposes. Every fourth cycle uses a coordinator without an ECS. */
  async cycle(options: Pick<MkOptions, 'heapBytes'> = {}): Promise<void> {
    const { coordinator, end } =
      this.cycles++ % 4 === 3 && !('queue' in this.#lent)
        ? this.#coordinator(options)
        : await this.#attach(options)
    // A page keeps what a WeakRef looked at until its task ends.
    if (this.#counts) this.#heaps.push(new WeakRef(coordinator.heap))
    end()
  }

  async #attach(options: Pick<MkOptions, 'heapBytes'>) {
    const components = [this.#A, this.#B, this.#C]
    const mk = await attachMk(this.#world, { ...options, gpu: this.#lent, components })
    mk.on('reallocated', () => undefined)
    mk.query([this.#A, this.#B], { draw: { vertexCount: 3 }, rowsOf: this.#B })
    const children = mk.query([this.#ChildOf(this.#parent)])
    for (let frame = 0; frame < 3; frame++) {
      mk.beginFrame()
      this.#A.x[frame + 2]++
      this.#B.y[frame + 2]++
      mk.mark(this.#B, frame + 2)
      mk.endFrame()
    }
    void mk
      .buffer(this.#C)
      .read()
      .catch(() => undefined)
    children.dispose()
    return { coordinator: mk.coordinator, end: () => mk.dispose() }
  }

  #coordinator(options: Pick<MkOptions, 'heapBytes'>) {
    const coordinator = new MkCoordinator(this.#lent as MkGpu, options)
    const mirror = coordinator.createMirror({ rows: 50, stride: 16 })
    coordinator.beginFrame()
    mirror.markAll()
    coordinator.stageForUpload(coordinator.frameAlloc(Float32Array, 16).fill(1))
    coordinator.endFrame()
    return { coordinator, end: () => coordinator.dispose() }
  }

  /** What is under way at dispose still ends: readbacks, a calibration. */
  async settle(): Promise<void> {
    const lent = this.#lent
    if ('queue' in lent) return
    for (let i = 0; i < 100 && lent.leaks().length > 0; i++)
      await new Promise((resolve) => setTimeout(resolve, 20))
  }

  left(): Left {
    const { queries, componentMap } = (this.#world as InternalWorld)[$internal]
    let queriesOfComponents = 0
    for (const component of componentMap.values()) queriesOfComponents += component.queries.size
    return {
      cycles: this.cycles,
      heaps: this.#heaps.filter((heap) => heap.deref() !== undefined).length,
      queries: queries.size,
      queriesOfComponents,
      buffers: 'queue' in this.#lent ? undefined : this.#lent.leaks().length,
    }
  }
}

/** Runs cycles and says what is left, a line for each figure that is not flat. The first cycles tell what is normal. */
export async function runAttachSoak(
  lent: MkGpu | GPUDevice,
  cycles: number,
  { collect, onLeft }: { collect?: () => Promise<void>; onLeft?: (left: Left) => void },
): Promise<string[]> {
  const soak = new AttachSoak(lent, collect !== undefined)
  await soak.cycle()
  await soak.settle()
  await collect?.()
  const first = soak.left()
  let last = first
  const every = Math.max(1, Math.floor(cycles / 10))
  while (soak.cycles < cycles) {
    await soak.cycle()
    // A page comes to itself between two mounts.
    if (soak.cycles % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 0))
    if (soak.cycles % every !== 0 && soak.cycles !== cycles) continue
    await soak.settle()
    await collect?.()
    last = soak.left()
    onLeft?.(last)
  }
  const problems: string[] = []
  // One may still lie in a register.
  if (last.heaps > 2) problems.push(`${last.heaps} heaps are alive`)
  for (const figure of ['queries', 'queriesOfComponents', 'buffers'] as const)
    if (last[figure] !== first[figure]) problems.push(`${figure}: ${first[figure]}, then ${last[figure]}`)
  return problems
}
