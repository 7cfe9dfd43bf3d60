import { runInNewContext } from 'node:vm'
import { MirrorOwnsBuffer, MirrorTooLarge } from '@memkit/coordinator'
import {
  array,
  atomic,
  createHeap,
  f16,
  f32,
  InvalidIdentifier,
  mat4x4f,
  NoOpenFrame,
  RowOutOfRange,
  size,
  struct,
  u32,
  vec2f,
  vec3f,
  vec3u,
  vec4f,
} from '@memkit/core'
import type { Schema } from '@memkit/core'
import { DummyBackend, MkBufferUsage, MkGpu, UsageUnsupported, WrongBackend } from '@memkit/gpu'
import {
  addComponent,
  addEntity,
  aos,
  createEntityIndex,
  createRelation,
  createWorld,
  deleteWorld,
  Hierarchy,
  removeEntity,
  withVersioning,
} from 'bitecs'
import { array as arrayOf, f32 as f32Tag, str, u32 as u32Array } from 'bitecs/serialization'
import { trait } from 'koota'
import { expect, vi } from 'vitest'
import {
  AlreadyFlagged,
  attachMk,
  ColumnDetached,
  ColumnInaccessible,
  ColumnLengthMismatch,
  createApp,
  defineResource,
  Disposed,
  DuplicatePlugin,
  EntityBeyondColumn,
  GpuSynced,
  MkPlugin,
  InvalidDelta,
  InvalidOption,
  isGpuSynced,
  NoColumns,
  NotAComponent,
  NotAGpu,
  NotASystem,
  NotAWorld,
  NotGpuSynced,
  NotReady,
  NotSynchronous,
  NoVertexFormat,
  PluginInUse,
  PluginTooLate,
  ReadyInHook,
  ResourceMissing,
  Schedule,
  SchemaMismatch,
  SharedMarker,
  SharedMemoryUnavailable,
  SystemOrderCycle,
  TickInProgress,
  UnknownSchedule,
  UnsatisfiableOrder,
  UnsupportedColumn,
  UnsupportedTerm,
  VertexLimitExceeded,
  WorldAlreadyAttached,
  WorldDeleted,
} from '../src/index.ts'
import type { App, MkSync } from '../src/index.ts'
import * as coordinator from '@memkit/coordinator'
import * as core from '@memkit/core'
import * as plugin from '@memkit/ecs-plugin'
import * as gpuPackage from '@memkit/gpu'
import { describeBadInput, OneWarning, ownErrors, type BadInput } from '@memkit/testing/bad-input'

const floats = (length: number): Float32Array => new Float32Array(length)
// 64 KiB a buffer, and no indirect draws.
const dummy = (): MkGpu =>
  new MkGpu(
    new DummyBackend({
      maxBufferSize: 65_536,
      capabilities: {
        indirect: false,
        usages: new DummyBackend().capabilities.usages & ~MkBufferUsage.INDIRECT,
      },
    }),
  )

function spawn(world: object, ...components: object[]): number {
  const entity = addEntity(world)
  for (const component of components) addComponent(world, entity, component)
  return entity
}

/** A synced world in which three entities have moved, an App that ticks, and one that is not ready. */
async function setUp() {
  const Thing = GpuSynced({ x: floats(32) }, { label: 'Thing' })
  const Pair = GpuSynced<object, Schema>({ a: floats(6), b: floats(6) }, { label: 'Pair' })
  const pair = Pair as unknown as Record<'a' | 'b', Float32Array | undefined>
  const Wide = GpuSynced({ m: floats(32) }, { label: 'Wide', schema: struct({ m: array(f32, 16) }) })
  const Holey = GpuSynced({ hp: [0, 0] }, { label: 'Holey', capacity: 8 })
  const Args = GpuSynced({ x: floats(4) }, { label: 'Args', usage: MkBufferUsage.INDIRECT })
  const Huge = GpuSynced({ x: floats(4) }, { label: 'Huge', capacity: 100_000 })
  const Plain = { a: floats(4), b: floats(4) }
  const Unnamed = GpuSynced({ x: floats(4) })
  const fields = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`f${i}`, floats(4)]))
  const Many = GpuSynced<object, Schema>(fields, { label: 'Many', capacity: 4 })
  const Long = GpuSynced(
    { a: floats(4 * 4), b: floats(4), c: floats(4) },
    { label: 'Long', capacity: 4, schema: struct({ a: size(1032, vec4f), b: size(1024, f32), c: f32 }) },
  )
  const Flat = GpuSynced(
    { x: floats(8), hp: new Uint8Array(8), rest: new Uint8Array(24) },
    { label: 'Flat', layout: 'columns', capacity: 8, schema: struct({ x: f32, hp: u32, rest: vec3u }) },
  )
  const world = createWorld()
  const entities = [1, 2, 3].map(() => spawn(world, Thing))
  const mk = await attachMk(world, { gpu: dummy() })
  const marker = mk.marker(Thing)
  // Their buffers are there from the start.
  for (const component of [Pair, Wide, Holey, Unnamed, Many, Long, Flat]) mk.buffer(component)
  const gone = await attachMk(createWorld(), { gpu: dummy() })
  gone.dispose()
  const ticks: number[] = []
  const app = createApp(createWorld()).addSystem(Schedule.Update, () => void ticks.push(1), {
    label: 'count',
  })
  class Physics {
    build(): void {}
  }
  app.addPlugin(new Physics())
  await app.ready()
  const raw = createApp(createWorld()).addPlugin(new Physics())
  const frame = (): void => {
    mk.beginFrame()
    mk.endFrame()
  }
  const onDevice = async (): Promise<number[]> =>
    [...new Float32Array(await mk.buffer(Thing).read())].slice(0, entities.length + 1)
  let value = 0
  const move = (): void => {
    value++
    for (const entity of entities) Thing.x[entity] = value * 10 + entity
  }
  move()
  frame()
  await onDevice()
  return {
    ...{
      Thing,
      Pair,
      pair,
      Wide,
      Holey,
      Args,
      Huge,
      Unnamed,
      Many,
      Long,
      Flat,
      Plain,
      world,
      entities,
      mk,
      marker,
      gone,
      app,
      raw,
      Physics,
      frame,
      ticks,
    },
    state: async () => ({
      device: await onDevice(),
      leaks: mk.gpu.leaks(),
      generation: mk.buffer(Thing).generation,
      rows: [mk.buffer(Thing).rows, mk.buffer(Thing).stride],
      flagged: [Thing, Pair, Wide, Plain].map(isGpuSynced),
      open: mk.coordinator.isFrameOpen,
      app: [app.isReady, app.isRunning, ticks.length],
      raw: [raw.isReady, raw.isDisposed],
    }),
    works: async () => {
      move()
      frame()
      // value is 2 by now: 21, 22, 23 on the rows of entities 1, 2, 3.
      expect(await onDevice()).toEqual([0, 21, 22, 23])
      const entity = spawn(world, Thing, Pair)
      pair.a![entity] = 5
      frame()
      expect((await mk.buffer(Pair).read()).byteLength).toBe((entity + 1) * 8)
      app.tick(0)
      expect(ticks).toHaveLength(1)
      await raw.ready()
    },
    end: () => {
      mk.dispose()
      app.dispose()
      raw.dispose()
    },
  }
}

type Bench = Awaited<ReturnType<typeof setUp>>
type Row = BadInput<Bench>
const any = (thing: unknown): never => thing as never
const flag = (component: unknown, options: object = {}): unknown =>
  GpuSynced(component as object, { label: 'Bad', ...options })
const attach = (options: object, world: object = createWorld()): Promise<MkSync<object>> =>
  attachMk(world, { gpu: dummy(), ...options })

const Owner = GpuSynced({ x: floats(4) }, { label: 'Owner', rows: 'packed' })
const Sharer = GpuSynced({ x: floats(4) }, { label: 'Sharer', rowsOf: Owner })
const ByEntity = GpuSynced({ x: floats(4) }, { label: 'ByEntity' })
const InColumns = GpuSynced({ x: floats(4) }, { label: 'InColumns', layout: 'columns' })

const components: readonly Row[] = [
  [
    'rowsOf what is not flagged',
    NotGpuSynced,
    () => flag({ x: floats(2) }, { rowsOf: { x: floats(2) } }),
    { call: 'rowsOf' },
  ],
  ...(
    [
      ['a number', 7],
      ['null', null],
      ['a name', 'Owner'],
      ['one that shares rows itself', Sharer],
      ['one with rows by entity id', ByEntity],
    ] as const
  ).map(([what, rowsOf]): Row => [
    `rowsOf ${what}`,
    InvalidOption,
    () => flag({ x: floats(2) }, { rowsOf }),
    { option: 'rowsOf' },
  ]),
  ...[
    { rows: 'entity' },
    { with: [Owner] },
    { direction: 'download' },
    { direction: 'both' },
    { onRemove: 'keep' },
    { capacity: 2048 },
    { layout: 'columns' },
  ].map((options): Row => [
    `rowsOf with ${JSON.stringify(options).slice(0, 30)}`,
    InvalidOption,
    () => flag({ x: floats(2) }, { rowsOf: Owner, ...options }),
    { option: Object.keys(options)[0] },
  ]),
  ...(
    [
      [{ layout: 'table' }, 'layout'],
      [{ rows: 'packed' }, 'rows'],
      [{ with: [Owner] }, 'with'],
      [{ direction: 'download' }, 'direction'],
      [{ direction: 'both' }, 'direction'],
      [{ onRemove: 'zero' }, 'onRemove'],
    ] as const
  ).map(([options, option]): Row => [
    `columns with ${JSON.stringify(options).slice(0, 30)}`,
    InvalidOption,
    () => flag({ x: floats(2) }, { layout: 'columns', ...options }),
    { option, message: expect.stringContaining("'rows'") },
  ]),
  [
    'rowsOf a component in columns',
    InvalidOption,
    () => flag({ x: floats(2) }, { rowsOf: InColumns }),
    { option: 'rowsOf' },
  ],
  [
    'columns of a trait',
    InvalidOption,
    () => flag(trait({ x: 0 }), { layout: 'columns' }),
    { option: 'layout', message: expect.stringContaining("'rows'") },
  ],
  ...(
    [
      ['of 64-bit floats', { x: new Float64Array(2) }, {}],
      ['that are plain arrays', { x: [0, 1] }, {}],
      ['of a store of rows', createHeap({ bytes: 65_536 }).rows(struct({ x: f32 }), 3), {}],
      ['of objects', [], { schema: struct({ x: f32.from('x') }) }],
      ['of type tags', aos({ x: f32Tag() }), {}],
    ] as const
  ).map(([what, store, options]): Row => [
    `columns ${what}`,
    UnsupportedColumn,
    () => flag(store, { layout: 'columns', ...options }),
    { message: expect.stringContaining("layout: 'rows'") },
  ]),
  ...(
    [
      ['of another kind than their fields', { x: new Int32Array(2) }, { schema: struct({ x: f32 }) }],
      ['of floats for a field of integers', { x: floats(2) }, { schema: struct({ x: u32 }) }],
      ['of half floats', { x: floats(2) }, { schema: struct({ x: vec2f.from('x', 'x'), h: f16.from('x') }) }],
      ['of half floats in the heap', createHeap({ bytes: 65_536 }).columns({ h: f16, i: f16 }, 3), {}],
      ['of atomics', { x: new Uint32Array(2) }, { schema: struct({ x: atomic(u32) }) }],
    ] as const
  ).map(([what, store, options]): Row => [
    `columns ${what}`,
    SchemaMismatch,
    () => flag(store, { layout: 'columns', ...options }),
  ]),
  [
    'flagging in columns what was flagged in rows',
    AlreadyFlagged,
    (b) => flag(b.Thing, { label: 'Thing', layout: 'columns' }),
    { option: 'layout' },
  ],
  [
    'a label that hides a builtin',
    InvalidIdentifier,
    () => flag({ x: floats(2) }, { label: 'distance' }),
    { of: 'struct' },
  ],
  ["a label that isn't text", InvalidOption, () => flag({ x: floats(2) }, { label: 7 }), { option: 'label' }],
  ...[null, 7, 'Position'].map((thing): Row => [
    `flagging ${String(thing)}`,
    NotAComponent,
    () => flag(thing),
    { found: thing === null ? 'null' : typeof thing },
  ]),
  ['a tag', NoColumns, () => flag({}), { component: 'Bad' }],
  [
    'columns of 64-bit integers',
    UnsupportedColumn,
    () => flag({ id: new BigInt64Array(4) }),
    { column: 'id' },
  ],
  [
    '64-bit integers under a path',
    UnsupportedColumn,
    () => flag({ a: { id: new BigUint64Array(2) } }, { schema: struct({ id: u32.from('a.id') }) }),
  ],
  ['strings', UnsupportedColumn, () => flag({ name: str([]) }), { column: 'name' }],
  [
    'strings with a schema',
    UnsupportedColumn,
    () => flag({ name: str([]) }, { schema: struct({ name: f32 }) }),
  ],
  ['arrays of any length', UnsupportedColumn, () => flag({ m: arrayOf(u32Array) })],
  [
    'a nested column without a path',
    UnsupportedColumn,
    () => flag({ pos: { x: floats(2), y: floats(2) } }),
    { message: expect.stringContaining("vec2f.from('pos.x', 'pos.y')") },
  ],
  ['an array of objects without a schema', UnsupportedColumn, () => flag([])],
  ['a column of strings', UnsupportedColumn, () => flag({ name: ['Anna'], hp: [] }), { column: 'name' }],
  [
    'a column of booleans, in a schema',
    UnsupportedColumn,
    () => flag({ alive: [true] }, { schema: struct({ alive: u32 }) }),
    { column: 'alive' },
  ],
  [
    'type tags of strings',
    UnsupportedColumn,
    () => flag(aos({ name: str() }), { schema: struct({ name: f32 }) }),
    { column: 'name' },
  ],
  [
    'a field that no type tag has',
    SchemaMismatch,
    () => flag(aos({ x: f32Tag() }), { schema: struct({ z: f32 }) }),
    { field: 'z' },
  ],
  ['numbers in a type tag', UnsupportedColumn, () => flag(aos({ x: f32Tag([1]) })), { column: 'x' }],
  [
    'type tags of a component that the device writes',
    InvalidOption,
    () => flag(aos({ x: f32Tag() }), { direction: 'download' }),
    { option: 'direction' },
  ],
  [
    'one column in several fields that the device writes',
    InvalidOption,
    () =>
      flag({ x: floats(4) }, { schema: struct({ a: f32.from('x'), b: f32.from('x') }), direction: 'both' }),
    { option: 'direction', value: 'both' },
  ],
  [
    'one number and several out of the same column',
    SchemaMismatch,
    () => flag({ x: floats(4) }, { schema: struct({ x: vec2f, b: f32.from('x') }) }),
    { field: 'x' },
  ],
  [
    'a column named __proto__',
    InvalidIdentifier,
    () => flag({ ['__proto__']: floats(4), x: floats(4) }),
    { identifier: '__proto__' },
  ],
  [
    '64-bit integers of another realm, with a schema',
    UnsupportedColumn,
    () => flag({ id: runInNewContext('new BigInt64Array(4)') as object }, { schema: struct({ id: u32 }) }),
    { column: 'id' },
  ],
  [
    'a getter that throws',
    ColumnInaccessible,
    () =>
      flag({
        get x(): never {
          throw new Error('No memory yet.')
        },
      }),
    { access: 'read' },
  ],
  [
    'a column of a detached buffer',
    ColumnDetached,
    () => {
      const x = new Float32Array(4)
      structuredClone(x.buffer, { transfer: [x.buffer] })
      flag({ x })
    },
    { column: 'x' },
  ],
  [
    'columns of different lengths',
    ColumnLengthMismatch,
    () => flag({ x: floats(4), y: floats(5) }),
    { lengths: { x: 4, y: 5 } },
  ],
  [
    'arities that disagree',
    ColumnLengthMismatch,
    () => flag({ m: floats(32), s: floats(3) }, { schema: struct({ m: mat4x4f, s: f32 }) }),
    // 32 numbers are two matrices.
    { lengths: { m: 2, s: 3 } },
  ],
  [
    'a schema field without a column',
    SchemaMismatch,
    () => flag({ x: floats(2) }, { schema: struct({ p: vec3f.from('x', 'x', 'z') }) }),
    { message: expect.stringContaining('"z"') },
  ],
  [
    'a path to nothing',
    SchemaMismatch,
    () => flag({ a: { x: floats(2) } }, { schema: struct({ y: f32.from('a.y') }) }),
    { field: 'a.y' },
  ],
  [
    'a path through a number',
    SchemaMismatch,
    () => flag({ a: 1 }, { schema: struct({ y: f32.from('a.y') }) }),
  ],
  [
    'a row without a fixed size',
    SchemaMismatch,
    () => flag({ a: floats(2) }, { schema: struct({ a: array(f32) }) }),
  ],
  ['rows of two bytes', SchemaMismatch, () => flag(floats(2), { schema: f16 })],
  [
    'one column as two kinds',
    SchemaMismatch,
    () => flag({ a: floats(2) }, { schema: struct({ x: f32.from('a'), y: u32.from('a') }) }),
  ],
  [
    'other options the second time',
    AlreadyFlagged,
    (b) => GpuSynced(b.Thing as object, { changes: 'all' }),
    { component: 'Thing', option: 'changes' },
  ],
  ...Object.entries<object>({
    changes: { changes: 'sometimes' },
    rows: { rows: 'sorted' },
    chnages: { chnages: 'all' },
    onRemove: { onRemove: 'forget' },
    direction: { direction: 'down' },
    capacity: { capacity: 1.5 },
    usage: { usage: 'STORAGE' },
  }).map(([option, options]): Row => [
    `an impossible ${option}`,
    InvalidOption,
    () => flag({ x: floats(2) }, options),
    { option },
  ]),
  [
    'a capacity of −1',
    InvalidOption,
    () => flag({ x: floats(2) }, { capacity: -1 }),
    { option: 'capacity', value: -1 },
  ],
  [
    "direction 'both' with all rows going up",
    InvalidOption,
    () => flag({ x: floats(2) }, { direction: 'both', changes: 'all' }),
  ],
  [
    "direction 'download' with all rows going up",
    InvalidOption,
    () => flag({ x: floats(2) }, { direction: 'download', changes: 'all' }),
  ],
  [
    'a label that WGSL does not allow',
    InvalidIdentifier,
    () => flag({ x: floats(2) }, { label: 'my label' }),
    { of: 'struct' },
  ],
  ...['component', 'data'].map((name): Row => [
    `a field named ${name}, flagged twice`,
    new OneWarning(`Named has a field named \`${name}\``),
    () => {
      const store = { [name]: floats(2), x: floats(2) }
      GpuSynced(store, { label: 'Named' })
      GpuSynced(store, { label: 'Named' })
    },
  ]),
]

/** Breaks something for one frame. */
function badFrame(b: Bench, spoil: () => void, mend: () => void): void {
  spoil()
  b.mk.beginFrame()
  try {
    b.mk.endFrame()
  } finally {
    mend()
  }
}

const frames: readonly Row[] = [
  ['endFrame without beginFrame', NoOpenFrame, (b) => b.mk.endFrame()],
  [
    'beginFrame in an open frame',
    new OneWarning('beginFrame() was called in an open frame'),
    (b) => {
      b.mk.beginFrame()
      b.mk.beginFrame()
      b.mk.endFrame()
    },
  ],
  [
    'an entity beyond a typed column',
    EntityBeyondColumn,
    (b) => {
      badFrame(
        b,
        () => {
          for (let i = 0; i < 6; i++) spawn(b.world, b.Pair)
        },
        () => {
          b.pair.a = floats(16)
          b.pair.b = floats(16)
        },
      )
    },
    { component: 'Pair', column: 'a', entity: 9, length: 6 },
  ],
  [
    'columns that come to disagree in length',
    ColumnLengthMismatch,
    (b) => {
      const { a } = b.pair
      const entity = spawn(b.world, b.Pair)
      badFrame(
        b,
        () => (b.pair.a = floats(8)),
        () => {
          b.pair.a = a
          removeEntity(b.world, entity)
        },
      )
    },
  ],
  [
    'a column that is gone',
    SchemaMismatch,
    (b) => {
      const { a } = b.pair
      const entity = spawn(b.world, b.Pair)
      badFrame(
        b,
        () => delete b.pair.a,
        () => {
          b.pair.a = a
          removeEntity(b.world, entity)
        },
      )
    },
    { component: 'Pair', field: 'a' },
  ],
  [
    'a column whose buffer is detached',
    ColumnDetached,
    (b) => {
      const { a } = b.pair
      const entity = spawn(b.world, b.Pair)
      badFrame(
        b,
        () => {
          b.pair.a = floats(6)
          structuredClone(b.pair.a.buffer, { transfer: [b.pair.a.buffer as ArrayBuffer] })
        },
        () => {
          b.pair.a = a
          removeEntity(b.world, entity)
        },
      )
    },
    { component: 'Pair', column: 'a' },
  ],
  [
    'a column that has become one of 64-bit integers',
    UnsupportedColumn,
    (b) => {
      const { a } = b.pair
      const entity = spawn(b.world, b.Pair)
      badFrame(
        b,
        () => (b.pair.a = any(new BigInt64Array(6))),
        () => {
          b.pair.a = a
          removeEntity(b.world, entity)
        },
      )
    },
    { component: 'Pair', column: 'a' },
  ],
  [
    'a world that was deleted',
    WorldDeleted,
    async () => {
      const world = createWorld()
      const mk = await attach({}, world)
      deleteWorld(world)
      try {
        mk.beginFrame()
      } finally {
        mk.dispose()
      }
    },
  ],
  [
    'holes in a plain array, frame after frame',
    new OneWarning('Holey'),
    (b) => {
      const { hp } = b.Holey
      const entity = spawn(b.world, b.Holey)
      hp.length = 99
      b.frame()
      hp[entity] = any('full')
      b.frame()
      removeEntity(b.world, entity)
      b.frame()
    },
  ],
  [
    'a mark past the shared marker, twice',
    new OneWarning('shared marker'),
    (b) => {
      b.marker.mark(1 << 20)
      b.frame()
      b.marker.mark(1 << 20)
      b.frame()
    },
  ],
  [
    'versioned entity ids',
    new OneWarning('versioned'),
    async (b) => {
      const world = createWorld(createEntityIndex(withVersioning(8)))
      const mk = await attach({}, world)
      for (let i = 0; i < 3; i++) spawn(world, b.Thing)
      mk.beginFrame()
      mk.endFrame()
      mk.dispose()
    },
  ],
  ['marking entity −1', RowOutOfRange, (b) => b.mk.mark(b.Thing, -1), { row: -1 }],
  ['marking half an entity', RowOutOfRange, (b) => b.mk.mark(b.Thing, 0.5)],
  ['marking −1 entities', RowOutOfRange, (b) => b.mk.markRange(b.Thing, 0, -1)],
  ['a shared mark of NaN', RowOutOfRange, (b) => b.marker.mark(Number.NaN)],
  [
    "a posted value that isn't a marker",
    InvalidOption,
    () => SharedMarker.from(any({ buffer: new ArrayBuffer(64) })),
  ],
  [
    'a marker where no memory is shared',
    SharedMemoryUnavailable,
    (b) => {
      vi.stubGlobal('SharedArrayBuffer', undefined)
      try {
        return b.mk.marker(b.Pair)
      } finally {
        vi.unstubAllGlobals()
      }
    },
  ],
  ...Object.entries<(mk: MkSync<object>, Plain: never) => unknown>({
    buffer: (mk, Plain) => mk.buffer(Plain),
    mark: (mk, Plain) => mk.mark(Plain, 1),
    markRange: (mk, Plain) => mk.markRange(Plain, 1, 1),
    markAll: (mk, Plain) => mk.markAll(Plain),
    marker: (mk, Plain) => mk.marker(Plain),
  }).map(([call, use]): Row => [
    `${call} of what is not flagged`,
    NotGpuSynced,
    (b) => use(b.mk, any(b.Plain)),
    { call },
  ]),
  ...Object.entries<(mk: MkSync<object>, b: Bench) => unknown>({
    'beginFrame()': (mk) => mk.beginFrame(),
    'stage()': (mk) => mk.stage(),
    'endFrame()': (mk) => mk.endFrame(),
    'buffer()': (mk, b) => mk.buffer(b.Thing),
    'query()': (mk, b) => mk.query([b.Thing]),
  }).map(([call, use]): Row => [`${call} after dispose`, Disposed, (b) => use(b.gone, b)]),
  [
    'staging into the buffer of a component',
    MirrorOwnsBuffer,
    (b) => {
      b.mk.beginFrame()
      try {
        const view = b.mk.coordinator.frameAlloc(Float32Array, 4)
        b.mk.coordinator.stageForUpload(view, { buffer: b.mk.buffer(b.Thing).buffer, offset: 0 })
      } finally {
        b.mk.endFrame()
      }
    },
    { label: 'Thing' },
  ],
]

const buffers: readonly Row[] = [
  [
    'gpuBuffer of a backend that has none',
    WrongBackend,
    (b) => b.mk.buffer(b.Thing).gpuBuffer,
    { expected: 'webgpu', actual: 'dummy' },
  ],
  [
    'read_write of what the CPU owns',
    InvalidOption,
    (b) => b.mk.buffer(b.Thing).wgsl(0, 0, { access: 'read_write' }),
    { option: 'access' },
  ],
  [
    'one vertex layout of columns',
    InvalidOption,
    (b) => (b.mk.buffer(b.Flat) as { vertexLayout(): unknown }).vertexLayout(),
  ],
  [
    'vertices from a column of bytes',
    NoVertexFormat,
    (b) => b.mk.buffer(b.Flat).vertexLayouts(0, ['x', 'hp']),
    { component: 'Flat', field: 'hp' },
  ],
  [
    'vertices from a column of three bytes',
    NoVertexFormat,
    (b) => b.mk.buffer(b.Flat).vertexLayouts(0, ['rest']),
  ],
  [
    'vertices from a column that is not there',
    InvalidOption,
    (b) => b.mk.buffer(b.Flat).bindVertices(any(undefined), 0, [any('y')]),
    { option: 'column', value: 'y' },
  ],
  [
    'the section of a column that is not there',
    InvalidOption,
    (b) => b.mk.buffer(b.Flat).column(any('y')),
    { option: 'column' },
  ],
  [
    'the section of a column of bytes, as an array of WGSL',
    InvalidOption,
    (b) => b.mk.buffer(b.Flat).column('hp'),
    { option: 'name' },
  ],
  ['the section of a column on another backend', WrongBackend, (b) => b.mk.buffer(b.Flat).column('x')],
  [
    'columns named in two words',
    InvalidIdentifier,
    (b) => b.mk.buffer(b.Flat).wgsl(0, 0, { name: 'two words' }),
  ],
  [
    'columns with a struct of the name of their array',
    InvalidOption,
    (b) => b.mk.buffer(b.Flat).wgsl(0, 0, { struct: 'flatWords' }),
    { option: 'name' },
  ],
  ['rows of columns that are not there', core.RowsOutOfRange, (b) => b.mk.buffer(b.Flat).read(0, 99)],
  ['an invalid access', InvalidOption, (b) => b.mk.buffer(b.Thing).wgsl(0, 0, { access: any('write') })],
  ['a group of −1', InvalidOption, (b) => b.mk.buffer(b.Thing).wgsl(-1, 0), { option: 'group', value: -1 }],
  ['half a binding', InvalidOption, (b) => b.mk.buffer(b.Thing).wgsl(0, 0.5), { option: 'binding' }],
  [
    'a variable that WGSL does not allow',
    InvalidIdentifier,
    (b) => b.mk.buffer(b.Thing).wgsl(0, 0, { name: 'a b' }),
  ],
  [
    'arrays as vertices',
    NoVertexFormat,
    (b) => b.mk.buffer(b.Wide).vertexLayout(),
    { component: 'Wide', field: 'm' },
  ],
  [
    'seventeen attributes as vertices',
    VertexLimitExceeded,
    (b) => b.mk.buffer(b.Many).vertexLayout(),
    { component: 'Many', limit: 'maxVertexAttributes', requested: 17, max: 16 },
  ],
  [
    'attributes past the last location',
    VertexLimitExceeded,
    (b) => b.mk.buffer(b.Pair).vertexLayout(15),
    { component: 'Pair', requested: 17, max: 16 },
  ],
  [
    'vertices of more than 2 048 bytes',
    VertexLimitExceeded,
    (b) => b.mk.buffer(b.Long).vertexLayout(),
    { component: 'Long', limit: 'maxVertexBufferArrayStride', requested: 2064, max: 2048 },
  ],
  ...[-1, 1.5, Number.NaN, any('3'), 16].map((first): Row => [
    `a first location of ${typeof first} ${first}`,
    InvalidOption,
    (b) => b.mk.buffer(b.Thing).vertexLayout(first),
    { option: 'firstLocation', value: first },
  ]),
  ['no name without a label', InvalidOption, (b) => b.mk.buffer(b.Unnamed).wgsl(0, 0), { option: 'name' }],
  ["a name that isn't text", InvalidOption, (b) => b.mk.buffer(b.Thing).wgsl(0, 0, { name: any(7) })],
  [
    'a variable named as its struct',
    InvalidOption,
    (b) => b.mk.buffer(b.Thing).wgsl(0, 0, { name: 'Thing' }),
  ],
  [
    'a variable that hides a builtin',
    InvalidIdentifier,
    (b) => b.mk.buffer(b.Thing).wgsl(0, 0, { name: 'step' }),
  ],
  [
    'a struct that hides a type',
    InvalidIdentifier,
    (b) => b.mk.buffer(b.Thing).wgsl(0, 0, { struct: 'vec4f' }),
  ],
  ['a row table of rows by entity', InvalidOption, (b) => b.mk.buffer(b.Thing).rowTable],
  [
    'a usage that the backend lacks',
    UsageUnsupported,
    (b) => b.mk.buffer(b.Args),
    { usage: MkBufferUsage.INDIRECT },
  ],
  [
    'more rows reserved than the device allows',
    MirrorTooLarge,
    (b) => b.mk.buffer(b.Huge),
    { label: 'Huge', requested: 400_000, max: 65_536 },
  ],
  [
    'a Hierarchy term',
    UnsupportedTerm,
    (b) => b.mk.query([Hierarchy(createRelation())]),
    { term: 'Hierarchy' },
  ],
  ...[[], [7], [null], ['A']].map((terms): Row => [
    `a query of ${JSON.stringify(terms)}`,
    InvalidOption,
    (b) => b.mk.query(any(terms)),
    { option: 'terms' },
  ]),
  ...[-1, 1.5, Number.NaN, 2 ** 32].map((vertexCount): Row => [
    `a draw of ${vertexCount} vertices`,
    InvalidOption,
    (b) => b.mk.query([b.Thing], { draw: { vertexCount } }),
    { option: 'draw.vertexCount' },
  ]),
  ...[{ vertexCount: 3, indexCount: 3 }, {}, 6, null].map((draw): Row => [
    `a draw of ${JSON.stringify(draw)}`,
    InvalidOption,
    (b) => b.mk.query([b.Thing], { draw: any(draw) }),
    { option: 'draw' },
  ]),
  ...[0, -1, 1.5, 257, Number.NaN, any('64')].map((workgroupSize): Row => [
    `workgroups of ${typeof workgroupSize} ${workgroupSize}`,
    InvalidOption,
    (b) => b.mk.query([b.Thing], { dispatch: { workgroupSize } }),
    { option: 'dispatch.workgroupSize' },
  ]),
  ['a dispatch that is a number', InvalidOption, (b) => b.mk.query([b.Thing], { dispatch: any(64) })],
  ["terms that aren't a list", InvalidOption, (b) => b.mk.query(any(b.Thing)), { option: 'terms' }],
  [
    'a query option that is misspelt',
    InvalidOption,
    (b) => b.mk.query([b.Thing], any({ drwa: 1 })),
    { option: 'drwa' },
  ],
  ["a query label that isn't text", InvalidOption, (b) => b.mk.query([b.Thing], { label: any(7) })],
  ['rowsOf what is not flagged', NotGpuSynced, (b) => b.mk.query([b.Thing], { rowsOf: b.Plain })],
]

const attaching: readonly Row[] = [
  ['a world that is attached', WorldAlreadyAttached, (b) => attach({}, b.world)],
  ["an object that isn't a world", NotAWorld, () => attach({}, {}), { call: 'attachMk' }],
  ["an object that isn't a gpu", NotAGpu, () => attach({ gpu: { limits: {} } }), { found: 'object' }],
  ['an option that is misspelt', InvalidOption, () => attach({ stratgey: 'full' }), { option: 'stratgey' }],
  [
    "components that aren't a list",
    InvalidOption,
    () => attach({ components: {} }),
    { option: 'components' },
  ],
  [
    'components that are not flagged',
    NotGpuSynced,
    (b) => attach({ components: [b.Plain] }),
    { call: 'components' },
  ],
]

const Level = defineResource<number>('Level')
const never = (): void => {}
const apps: readonly Row[] = [
  ['tick before ready', NotReady, (b) => b.raw.tick(0), { call: 'app.tick' }],
  ['run before ready', NotReady, (b) => b.raw.run()],
  ['mk without its plugin', NotReady, (b) => b.app.mk],
  ...[-1, Number.NaN, Infinity].map((delta): Row => [
    `a step of ${delta} s`,
    InvalidDelta,
    (b) => b.app.tick(delta),
    { delta },
  ]),
  ...[0, -60, Number.NaN].map((hz): Row => [
    `${hz} ticks a second`,
    InvalidOption,
    (b) => b.app.run({ hz }),
    { option: 'hz', value: hz },
  ]),
  [
    'a schedule that does not exist',
    UnknownSchedule,
    (b) => b.app.addSystem(any('Sometimes'), never),
    { schedule: 'Sometimes' },
  ],
  [
    'a system that cannot be called',
    NotASystem,
    (b) => b.app.addSystem(Schedule.Update, any(null)),
    { found: 'null' },
  ],
  [
    'a system after itself',
    SystemOrderCycle,
    (b) => b.app.addSystem(Schedule.Update, never, { label: 'a', set: 'a', after: 'a' }),
    { schedule: 'Update', systems: ['a'] },
  ],
  [
    'a system after one that was never added',
    UnsatisfiableOrder,
    (b) => b.app.addSystem(Schedule.Update, never, { label: 'late', after: function forgotten() {} }),
    { system: 'late', relation: 'after', target: 'forgotten' },
  ],
  [
    'a resource that was never inserted',
    ResourceMissing,
    (b) => b.app.resource(Level),
    { resource: 'Level' },
  ],
  [
    'a plugin that is there already',
    DuplicatePlugin,
    (b) => b.raw.addPlugin(new b.Physics()),
    { plugin: 'Physics' },
  ],
  [
    'a plugin once the App is ready',
    PluginTooLate,
    (b) => b.app.addPlugin(new b.Physics()),
    { plugin: 'Physics' },
  ],
  [
    'a plugin of an App in another App',
    PluginInUse,
    async () => {
      const plugin = new MkPlugin({ gpu: dummy() })
      const first = createApp(createWorld()).addPlugin(plugin)
      await first.ready()
      try {
        await createApp(createWorld()).addPlugin(plugin).ready()
      } finally {
        first.dispose()
      }
    },
    { plugin: 'MkPlugin' },
  ],
  [
    'ready() in a hook that it waits for',
    ReadyInHook,
    () =>
      createApp(createWorld())
        .addPlugin({ name: 'Eager', build: (app) => void app.ready() })
        .ready(),
    { hook: 'Eager.build' },
  ],
  [
    'a tick inside of a tick',
    TickInProgress,
    async () => {
      const app: App<object> = createApp(createWorld()).addSystem(Schedule.Update, () => app.tick(0))
      await app.ready()
      app.tick(0)
    },
  ],
  [
    'a system that returns a promise',
    NotSynchronous,
    async () => {
      const app = createApp(createWorld()).addSystem(
        Schedule.Update,
        any(async () => {}),
        { label: 'slow' },
      )
      await app.ready()
      app.tick(0)
    },
  ],
  [
    'an App that was disposed of',
    Disposed,
    () => {
      const app = createApp(createWorld())
      app.dispose()
      app.tick(0)
    },
    { call: 'app.tick' },
  ],
]

describeBadInput(
  ownErrors(plugin, core, gpuPackage, coordinator),
  setUp,
  [...components, ...frames, ...buffers, ...attaching, ...apps],
  { ColumnsLoading: ['packages/ecs-plugin/test/columns-late.test.ts', 'until their code is there'] },
  ['EntityBeyondColumn.length', 'UsageUnsupported.usage', 'UsageUnsupported.supported'],
)
