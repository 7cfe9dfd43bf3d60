import { addComponents, addEntity, createWorld, Not, removeEntity } from 'bitecs'
import { attachMk, GpuSynced, struct, u32, vec3f, type MkOptions, type MkSync } from '@memkit/ecs-plugin'

const SLOTS = 4000

/** A sync of which everything is in use that can be. */
export interface InUse {
  readonly mk: MkSync<object>
  readonly world: object
  /** What was asked for and has not come. */
  readonly pending: Promise<unknown>[]
  readonly frame: () => void
  /** Adds and removes some. */
  readonly churn: () => void
}

/** Attaches a world, and makes use of all there is: growth, queries, row tables, markers, downloads, frame memory. */
export async function useEverything(options: MkOptions): Promise<InUse> {
  const world = createWorld()
  const floats = (): Float32Array => new Float32Array(SLOTS)
  const Place = GpuSynced({ x: floats(), y: floats() }, { capacity: 8, label: 'Place' })
  const Body = GpuSynced(
    { x: floats(), y: floats(), z: floats(), mass: new Uint32Array(SLOTS) },
    {
      schema: struct({ mass: u32, at: vec3f.from('x', 'y', 'z') }),
      rows: 'packed',
      changes: 'marked',
      onRemove: 'zero',
      capacity: 8,
      label: 'Body',
    },
  )
  const Sensor = GpuSynced({ value: floats() }, { direction: 'download', capacity: 8, label: 'Sensor' })
  const frozen = {}
  const mk = await attachMk(world, { heapBytes: 4 << 20, ...options })
  const entities: number[] = []
  const churn = (): void => {
    for (let i = 0; i < 30; i++) {
      const entity = addEntity(world)
      addComponents(world, entity, Place, Body, Sensor, ...(i % 3 === 0 ? [frozen] : []))
      entities.push(entity)
    }
    for (const entity of entities.splice(0, 10)) removeEntity(world, entity)
  }
  churn()
  mk.on('lost', () => undefined)
  mk.on('warning', () => undefined)
  mk.query([Place, Not(frozen)], { draw: { vertexCount: 3 } })
  mk.query([Place], { rowsOf: Body, draw: { indexCount: 3 } })
  const marker = mk.marker(Body)
  const table = mk.buffer(Body).rowTable
  const { coordinator } = mk
  const pending: Promise<unknown>[] = []
  const frame = (): void => {
    mk.beginFrame()
    churn()
    marker.mark(entities[0])
    for (let i = 0; i < 40; i++) coordinator.stageForUpload(coordinator.frameAlloc(Float32Array, 512).fill(i))
    mk.endFrame()
    if (mk.gpu.isLost) return
    pending.push(mk.buffer(Place).read(), table.read(), coordinator.idle(), coordinator.pace())
    for (const promise of pending) promise.catch(() => undefined)
  }
  for (let i = 0; i < 8; i++) frame()
  return { mk, world, pending, frame, churn }
}
