import { addComponent, addEntity, createWorld, query, removeComponent, removeEntity } from 'bitecs'
import type { MkGpu } from '@memkit/gpu'
import { attachMk, createHeap, f32, GpuSynced, struct, type Synced } from '@memkit/ecs-plugin'
import { randomFrom } from '@memkit/testing/random'

type Row = readonly [number, number]

interface HistorySetup {
  readonly history: 'frame' | 'step'
  readonly rows: 'entity' | 'packed'
  readonly changes: 'detect' | 'marked' | 'all'
  readonly onRemove: 'keep' | 'zero'
  readonly strategy: 'auto' | 'full' | 'runs' | 'scatter'
  readonly heap: boolean
}

/** Where a program runs. */
export interface HistoryPlace {
  readonly open: () => Promise<MkGpu>
  /** Loses the device before the program goes on with another one. */
  readonly lose?: (gpu: MkGpu) => Promise<unknown>
}

/** A random program against a reference that knows of no dirty rows, buffers or copies. @returns rows that differed from before */
async function historyProgram(
  setup: HistorySetup,
  seed: number,
  frames: number,
  { open, lose }: HistoryPlace,
): Promise<number> {
  const random = randomFrom(seed)
  const int = (below: number): number => Math.floor(random() * below)
  const { changes, history, onRemove, rows, strategy } = setup
  const heap = createHeap({ bytes: 16 << 20 })
  const store = setup.heap
    ? heap.rows(struct({ x: f32, y: f32 }), 1999)
    : { x: new Float32Array(2000), y: new Float32Array(2000) }
  const options = { label: 'Thing', history, rows, changes, onRemove, capacity: 64 } as const
  const Thing = GpuSynced(store as object, options as object) as unknown as Synced
  const valueAt = (e: number, i: 0 | 1): number =>
    'f32' in store ? store.f32[e * 2 + i] : i === 0 ? store.x[e] : store.y[e]
  const setValue = (e: number, i: 0 | 1, value: number): void => {
    if ('f32' in store) store.f32[e * 2 + i] = value
    else if (i === 0) store.x[e] = value
    else store.y[e] = value
  }
  const world = createWorld()
  const mk = await attachMk(world, {
    gpu: await open(),
    components: [Thing],
    strategy,
    ...(setup.heap ? { heap } : {}),
  })
  await mk.coordinator.ready()
  const alive = (): number[] => [...query(world, [Thing])].sort((a, b) => a - b)
  const read = (): Map<number, Row> => new Map(alive().map((e) => [e, [valueAt(e, 0), valueAt(e, 1)]]))
  let current = new Map<number, Row>()
  let previous = new Map<number, Row>()
  let base: Map<number, Row> | undefined
  const fresh = new Set<number>()
  const handOver = (): void => {
    const next = read()
    const was = base ?? previous
    base = undefined
    previous = new Map([...next].map(([e, row]) => [e, fresh.has(e) ? row : was.get(e)!]))
    fresh.clear()
    current = next
  }
  const touch = (e: number): void => {
    setValue(e, 0, Math.fround(random() * 100))
    if (random() < 0.5) setValue(e, 1, Math.fround(random() * 100))
    if (changes === 'marked') mk.mark(Thing, e)
  }
  const spawn = (): void => {
    const e = addEntity(world)
    addComponent(world, e, Thing)
    touch(e)
    fresh.add(e)
  }
  const remove = (e: number): void => {
    removeEntity(world, e)
    fresh.delete(e)
  }
  const act = (): void => {
    const all = alive()
    const pick = (): number => all[int(all.length)]
    const what = random()
    if (all.length === 0 || what < 0.25) for (let n = 1 + int(4); n > 0; n--) spawn()
    else if (what < 0.4) remove(pick())
    else if (what < 0.45) {
      remove(pick())
      spawn()
    } else if (what < 0.5) {
      const e = pick()
      removeComponent(world, e, Thing)
      addComponent(world, e, Thing)
      touch(e)
      fresh.add(e)
    } else if (what < 0.6) {
      const e = pick()
      touch(e)
      mk.resetHistory(Thing, e)
      fresh.add(e)
    } else if (what < 0.62) for (let n = 40; n > 0 && all.length < 400; n--) spawn()
    else if (what < 0.64) {
      for (const e of all) if (random() < 0.7) remove(e)
    } else if (what < 0.66) for (const e of all) touch(e)
    else for (let n = 1 + int(6); n > 0; n--) touch(pick())
  }
  const acts = (): void => {
    for (let n = int(4); n > 0; n--) act()
  }
  let apart = 0
  for (let f = 0; f < frames; f++) {
    if (random() < 0.03) {
      await lose?.(mk.gpu)
      await mk.restore(await open())
      for (const e of current.keys()) fresh.add(e)
    }
    acts()
    mk.beginFrame()
    acts()
    const steps = history === 'frame' ? 0 : [0, 0, 1, 1, 1, 2, 3][int(7)]
    const each = random() < 0.5
    for (let left = steps; left > 0; left--) {
      const isFirst = left === steps
      mk.beginStep(each ? 1 : left)
      if (isFirst && (each || steps === 1)) base = current
      else if (left === 1 || each) {
        handOver()
        base = current
      }
      acts()
    }
    acts()
    if (random() < 0.05) {
      if (random() < 0.5) mk.stage()
      mk.on('warning', () => undefined)
      continue
    }
    if (history === 'frame') base = current
    mk.endFrame()
    handOver()
    const buffer = mk.buffer(Thing)
    const now = new Float32Array(await buffer.read())
    const before = new Float32Array(await buffer.previous.read())
    for (const [name, floats, want] of [
      ['current', now, current],
      ['previous', before, previous],
    ] as const)
      for (const [e, row] of want) {
        const at = buffer.rowOf(e) * 2
        const found = [floats[at], floats[at + 1]]
        if (found[0] !== row[0] || found[1] !== row[1])
          throw new Error(
            `frame ${f}, ${steps} steps: ${name} row of ${e} is ${found.join(' ')}, not ${row.join(' ')}`,
          )
        if (name === 'previous' && current.get(e)!.some((value, i) => value !== row[i])) apart++
      }
    if (rows === 'entity' && onRemove === 'zero')
      for (let row = 0; row < buffer.rows; row++)
        if (!current.has(row) && (before[row * 2] !== 0 || before[row * 2 + 1] !== 0))
          throw new Error(`frame ${f}: the previous row of ${row}, which is dead, is not zero`)
  }
  mk.dispose()
  return apart
}

/** A program for each strategy, removal and store, 40 frames long. @returns rows that differed from before */
export async function historyPrograms(
  setup: Pick<HistorySetup, 'history' | 'rows' | 'changes'>,
  place: HistoryPlace,
  firstSeed = 1,
): Promise<number> {
  let apart = 0
  let seed = firstSeed
  for (const strategy of ['auto', 'full', 'runs', 'scatter'] as const)
    for (const onRemove of ['keep', 'zero'] as const)
      for (const heap of [false, true])
        apart += await historyProgram({ ...setup, onRemove, strategy, heap }, seed++, 40, place)
  return apart
}
