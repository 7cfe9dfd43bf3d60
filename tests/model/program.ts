import type {
  BufferingMode,
  Changes,
  CostModel,
  Layout,
  OnRemove,
  RowKind,
  Strategy,
  SyncDirection,
} from '@memkit/ecs-plugin'
import * as fc from 'fast-check'
import { storeSpecs } from '@memkit/testing/stores/zoo'
import { TERMS } from './terms.ts'

/** One flagged component. Numbers that name something are taken modulo what there is. */
interface ComponentSetup {
  /** Index in `storeSpecs`. */
  readonly store: number
  readonly changes: Changes
  /** Where the store can't be kept in columns, and with what they cannot go with, rows. */
  readonly layout: Layout
  readonly rows: RowKind
  readonly onRemove: OnRemove
  /** Only entities that have the first tag as well. */
  readonly with: boolean
  /** Rows reserved at the start. */
  readonly capacity: number
  /** Entities that the columns have room for at the start. */
  readonly slots: number
  /** Who writes the rows. Where the device does, what it cannot go with is left out: packed rows, `all`, columns of objects. */
  readonly direction: SyncDirection
  /** The store of a relation to the first entity of every world. */
  readonly pair: boolean
}

/** A component that can be. */
export function possible(component: ComponentSetup): ComponentSetup {
  const { changes, direction } = component
  const { oneWay, rowsOnly, sealed } = storeSpecs[component.store]
  const pair = component.pair && sealed !== true
  if (component.layout === 'columns' && rowsOnly !== true)
    return { ...component, pair, rows: 'entity', onRemove: 'keep', with: false, direction: 'upload' }
  const inRows = { ...component, pair, layout: 'rows' as const }
  if (direction === 'upload' || oneWay === true) return { ...inRows, direction: 'upload' }
  return { ...inRows, rows: 'entity', changes: changes === 'all' ? 'detect' : changes }
}

/** What a program runs on. */
export interface Setup {
  readonly worlds: 1 | 2
  readonly components: readonly ComponentSetup[]
  readonly strategy: Strategy
  /** Index in `costModels`. */
  readonly costs: number
  readonly buffering: BufferingMode
  /** Of each world's heap. */
  readonly heapBytes: number
  readonly debug: boolean
  /** Entities without components that are there before all others, so that ids cross the borders of words, chunks and first sizes. */
  readonly crowd: number
  /** Which kernels compare and pack. */
  readonly kernels: 'auto' | 'js'
  /** The sync is given the list of components; else it finds them. */
  readonly listed: boolean
  /** Dummy only: no scatter. */
  readonly noScatter: boolean
  /** Dummy only: work is done when a caller waits for it, not before. */
  readonly slow: boolean
  /** Ids of entities have versions. */
  readonly versioned: boolean
}

/** One step. `w`: world, `c`: component, `e`: entity; numbers are taken modulo what there is. */
export type Step =
  /** A new entity with the components and tags whose bits are set, written and marked; `beyond`: without room in the columns. */
  | { readonly op: 'spawn'; w: number; parts: number; seed: number; beyond: number }
  | { readonly op: 'despawn'; w: number; e: number }
  /** A component, or one of the two tags. */
  | { readonly op: 'add'; w: number; e: number; part: number }
  | { readonly op: 'remove'; w: number; e: number; part: number }
  /** Writes an entity's numbers; `mark` 0: forgets to mark. */
  | { readonly op: 'write'; c: number; e: number; seed: number; mark: number }
  /** Writes many; `mark` 0: none, 1: as a range, 2: all that there are. */
  | { readonly op: 'fill'; c: number; first: number; count: number; step: number; seed: number; mark: number }
  /** Adds a component with values, or sets them, by bitECS's `set`: what observes that writes them. */
  | { readonly op: 'set'; w: number; c: number; e: number; seed: number }
  /** Writes an entity's numbers and marks it in shared memory; `thread` 1: another thread marks. `e` 255: past what there is room for. */
  | { readonly op: 'markShared'; w: number; c: number; e: number; seed: number; thread: number }
  /** The device writes up to four rows, where it may. */
  | { readonly op: 'compute'; w: number; c: number; e: number; seed: number }
  /** Frames until all that the device has written has come back. */
  | { readonly op: 'settle'; w: number }
  /** A relation between two entities; `undo` 0: ends one. */
  | { readonly op: 'relate'; w: number; e: number; to: number; undo: number }
  /** A prefab with some components; the oldest of more than three is removed. */
  | { readonly op: 'prefab'; w: number; parts: number }
  /** Makes an entity an instance of a prefab. */
  | { readonly op: 'instance'; w: number; e: number; p: number; seed: number }
  /** The first entity of the world, which others relate to, dies, and another gets its id. */
  | { readonly op: 'renewTarget'; w: number }
  /** A query that bitECS reports no changes of: refused, and nothing has changed. */
  | { readonly op: 'refused'; w: number }
  /** Puts bigger columns in place; `by` 0: as big as before. */
  | { readonly op: 'grow'; c: number; by: number }
  /** Replaces only one column by a bigger one: staging must throw until the others follow. */
  | { readonly op: 'tear'; c: number; k: number }
  /** The user's own bitECS query: commits removals. */
  | { readonly op: 'look'; w: number; q: number }
  | { readonly op: 'removeQuery'; w: number; c: number }
  | { readonly op: 'reset'; w: number }
  /** In an open frame it abandons that one. */
  | { readonly op: 'begin'; w: number }
  | { readonly op: 'stage'; w: number }
  /** Opens a frame if there is none, ends it, and compares the device with the model. */
  | { readonly op: 'end'; w: number }
  /** The same without comparing, so that what was handed over need not be done when the next frame begins. */
  | { readonly op: 'rush'; w: number }
  /** Two frames without changes: the second makes no call. */
  | { readonly op: 'idle'; w: number }
  | { readonly op: 'query'; w: number; q: number; draw: number; rowsOf: number }
  | { readonly op: 'closeQuery'; w: number; i: number }
  /** Asks for the table row → entity, which from then on is compared as well. */
  | { readonly op: 'rowTable'; w: number; c: number }
  /** In an open frame: stages frame memory. */
  | { readonly op: 'teleport'; w: number; words: number; seed: number }
  /** Ends a world's sync and attaches it again. */
  | { readonly op: 'attach'; w: number }
  /** Loses the device: now (0), or on the Dummy at a call from now. */
  | { readonly op: 'lose'; at: number }
  | { readonly op: 'restore' }
  /** Dummy only: completion is not reported from now on, or is again. */
  | { readonly op: 'hang'; on: number }
  /** The next `n` + 1 buffers get no memory; `late`: the device says so later, as WebGPU always does. */
  | { readonly op: 'starve'; n: number; late: number }
  /** Takes all memory of a world's heap but `leave` hundreds of bytes. */
  | { readonly op: 'hog'; w: number; leave: number }
  /** There is memory again, and what had to wait is waited for. */
  | { readonly op: 'feed' }

export type Op = Step['op']

export interface Program {
  readonly setup: Setup
  readonly steps: readonly Step[]
}

const calls = {
  lambda: 1,
  callDevice: 0,
  byteDevice: 0,
  rowDevice: 0,
  rowDeviceFar: 0,
  scatterDevice: 0,
  packThread: 0,
  dispatchThread: 10,
  dispatchDevice: 0,
  nearBytes: 1 << 20,
  farBytes: 16 << 20,
}
/** All terms by hand, so that a program does the same on every machine. */
export const costModels: readonly CostModel[] = [
  // One call costs as much as two rows of 16 bytes: runs with small gaps.
  { ...calls, callThread: 32, byteThread: 1, scatterThread: 500, rowThread: 5, rowThreadFar: 5 },
  // Bytes are dear: exact runs.
  { ...calls, callThread: 1, byteThread: 10, scatterThread: 1e6, rowThread: 5, rowThreadFar: 5 },
  // Calls are dear: whole buffers.
  { ...calls, callThread: 1e4, byteThread: 0.01, scatterThread: 1e5, rowThread: 100, rowThreadFar: 100 },
  // Scatter is cheap.
  { ...calls, callThread: 500, byteThread: 0.1, scatterThread: 500, rowThread: 1, rowThreadFar: 1 },
]

const byte = fc.nat(255)
/** The first few are named again and again, so that much happens to one of them within a frame. */
const e = fc.oneof(fc.nat(3), byte)
const small = fc.nat(7)
const form = fc.nat(TERMS - 1)
const w = fc.nat(1)
const seed = fc.nat(0xffff)

const component: fc.Arbitrary<ComponentSetup> = fc.record({
  store: fc.nat(storeSpecs.length - 1),
  changes: fc.constantFrom<Changes>('detect', 'detect', 'marked', 'marked', 'all'),
  layout: fc.constantFrom<Layout>('rows', 'columns'),
  rows: fc.constantFrom<RowKind>('entity', 'packed'),
  onRemove: fc.constantFrom<OnRemove>('keep', 'zero'),
  with: fc.boolean(),
  capacity: fc.integer({ min: 1, max: 40 }),
  slots: fc.integer({ min: 2, max: 64 }),
  direction: fc.constantFrom<SyncDirection>(
    'upload',
    'upload',
    'upload',
    'upload',
    'download',
    'both',
    'both',
  ),
  pair: fc.constantFrom(false, false, false, false, false, true),
})

const setup: fc.Arbitrary<Setup> = fc.record({
  worlds: fc.constantFrom(1 as const, 1 as const, 2 as const),
  components: fc.array(component, { minLength: 1, maxLength: 3 }),
  strategy: fc.constantFrom<Strategy>('auto', 'auto', 'full', 'runs', 'scatter'),
  costs: fc.nat(costModels.length - 1),
  buffering: fc.constantFrom<BufferingMode>(1, 2, 3),
  heapBytes: fc.constantFrom(4 << 20, 16 << 20),
  debug: fc.boolean(),
  // 64 and 192 rows to the first sections of columns, 1 024 to a word of the summary, 4 096 to a chunk of a column.
  crowd: fc.constantFrom(0, 0, 0, 0, 0, 0, 58, 58, 61, 61, 185, 990, 4050),
  kernels: fc.constantFrom<'auto' | 'js'>('auto', 'auto', 'js'),
  listed: fc.boolean(),
  noScatter: fc.constantFrom(false, false, false, true),
  slow: fc.constantFrom(false, false, false, true),
  versioned: fc.constantFrom(false, false, false, false, false, false, false, true),
})

function step<T extends Op>(
  weight: number,
  op: T,
  parts: { [K in Exclude<keyof Extract<Step, { op: T }>, 'op'>]: fc.Arbitrary<number> },
): fc.WeightedArbitrary<Step> {
  const made = fc.record({ op: fc.constant(op), ...parts }, { noNullPrototype: true })
  return { weight, arbitrary: made as unknown as fc.Arbitrary<Step> }
}

const steps = {
  usual: [
    step(16, 'spawn', { w, parts: byte, seed, beyond: fc.nat(31) }),
    step(8, 'despawn', { w, e }),
    step(6, 'add', { w, e, part: small }),
    step(6, 'remove', { w, e, part: small }),
    step(14, 'write', { c: small, e, seed, mark: fc.nat(3) }),
    step(5, 'fill', { c: small, first: byte, count: byte, step: fc.nat(20), seed, mark: fc.nat(2) }),
    step(2, 'grow', { c: small, by: fc.nat(40) }),
    step(1, 'tear', { c: small, k: small }),
    step(2, 'set', { w, c: small, e, seed }),
    step(2, 'markShared', { w, c: small, e, seed, thread: fc.nat(15).map((n) => (n === 0 ? 1 : 0)) }),
    step(6, 'compute', { w, c: small, e, seed }),
    step(1, 'settle', { w }),
    step(2, 'relate', { w, e, to: e, undo: fc.nat(3) }),
    step(1, 'prefab', { w, parts: byte }),
    step(1, 'instance', { w, e, p: small, seed }),
    step(1, 'renewTarget', { w }),
    step(1, 'refused', { w }),
    step(2, 'look', { w, q: form }),
    step(1, 'removeQuery', { w, c: small }),
    step(1, 'reset', { w }),
    step(6, 'begin', { w }),
    step(4, 'stage', { w }),
    step(16, 'end', { w }),
    step(6, 'rush', { w }),
    step(2, 'idle', { w }),
    step(2, 'query', { w, q: form, draw: fc.nat(2), rowsOf: small }),
    step(1, 'closeQuery', { w, i: small }),
    step(1, 'rowTable', { w, c: small }),
    step(3, 'teleport', { w, words: fc.nat(300), seed }),
    step(1, 'attach', { w }),
  ],
  faults: [
    step(1, 'lose', { at: fc.nat(20) }),
    step(2, 'restore', {}),
    step(1, 'hang', { on: fc.nat(1) }),
    step(1, 'starve', { n: fc.nat(5), late: fc.nat(1) }),
    step(1, 'hog', { w, leave: fc.nat(20) }),
    step(3, 'feed', {}),
  ],
}

/** Programs of exactly `length` steps, which shrink to short ones. @param faults lose the device, and worse */
export class Programs extends fc.Arbitrary<Program> {
  readonly #setup: fc.Arbitrary<Setup> = setup
  readonly #steps: fc.Arbitrary<Step[]>

  constructor(length: number, faults: boolean) {
    super()
    const step = fc.oneof(...(faults ? [...steps.usual, ...steps.faults] : steps.usual))
    this.#steps = fc.array(step, { minLength: length, maxLength: length, size: 'max' })
  }

  generate(random: fc.Random, bias: number | undefined): fc.Value<Program> {
    const setup = this.#setup.generate(random, undefined).value
    const steps = this.#steps.generate(random, bias).value
    return new fc.Value({ setup, steps }, undefined)
  }

  canShrinkWithoutContext(value: unknown): value is Program {
    return typeof value === 'object' && value !== null && 'steps' in value
  }

  shrink(program: Program): fc.Stream<fc.Value<Program>> {
    return fc.stream(simpler(program)).map((value) => new fc.Value(value, undefined))
  }
}

/** Simpler programs, the boldest first: without half of the steps, a quarter …, with a simpler set-up, with smaller numbers. */
function* simpler({ setup, steps }: Program): Generator<Program> {
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let from = steps.length - (steps.length % size || size); from >= 0; from -= size)
      yield { setup, steps: [...steps.slice(0, from), ...steps.slice(from + size)] }
  for (let i = 0; setup.components.length > 1 && i < setup.components.length; i++)
    yield { setup: { ...setup, components: setup.components.filter((_, k) => k !== i) }, steps }
  const plainest: Partial<Setup> = {
    worlds: 1,
    strategy: 'full',
    costs: 0,
    buffering: 3,
    heapBytes: 4 << 20,
    debug: false,
    crowd: 0,
    kernels: 'auto',
    listed: true,
    noScatter: false,
    slow: false,
    versioned: false,
  }
  for (const [key, value] of Object.entries(plainest))
    if (setup[key as keyof Setup] !== value) yield { setup: { ...setup, [key]: value }, steps }
  const plainestComponent: ComponentSetup = {
    store: 0,
    changes: 'detect',
    layout: 'rows',
    rows: 'entity',
    onRemove: 'keep',
    with: false,
    capacity: 40,
    slots: 64,
    direction: 'upload',
    pair: false,
  }
  for (const [i, component] of setup.components.entries()) {
    for (const [key, value] of Object.entries(plainestComponent)) {
      if (component[key as keyof ComponentSetup] === value) continue
      const components = setup.components.with(i, { ...component, [key]: value })
      yield { setup: { ...setup, components }, steps }
    }
  }
  for (const [i, step] of steps.entries()) {
    for (const [key, value] of Object.entries(step)) {
      if (typeof value !== 'number' || value === 0) continue
      for (const less of new Set([0, value >> 1, value - 1]))
        yield { setup, steps: steps.with(i, { ...step, [key]: less }) }
    }
  }
}

/** A program to be read by people, and by `JSON.parse` line by line. */
export function show({ setup, steps }: Program): string {
  return `setup ${JSON.stringify(setup)}\n${steps.map((step) => JSON.stringify(step)).join('\n')}`
}
