import {
  align,
  ArenaDisposed,
  ArenaFull,
  array,
  atomic,
  checkLayout,
  ColumnNotSyncable,
  ColumnPacker,
  ColumnUnusable,
  createHeap,
  DirtyRows,
  DoubleFree,
  f16,
  f32,
  FrameArena,
  HeapFull,
  InvalidAlignment,
  InvalidArrayCount,
  InvalidAttribute,
  InvalidIdentifier,
  InvalidLayout,
  InvalidSchema,
  InvalidSize,
  InvalidValue,
  NoOpenFrame,
  NotAllocated,
  NotHostShareable,
  PackerDisposed,
  PackLayoutInvalid,
  RangeAllocator,
  ReservedField,
  RowOutOfRange,
  RowsOutOfRange,
  RuntimeArrayNotLast,
  scalarFor,
  size,
  StaleMark,
  struct,
  u32,
  vec2f,
  vec3f,
  vec4f,
  WrongColumnCount,
  WrongMemory,
  writeValue,
} from '@memkit/core'
import {
  BudgetExceeded,
  Handles,
  HandlesFull,
  MkAllocator,
  MkTag,
  PhaseEnded,
  StaleFrameVec,
} from '@memkit/core/allocator'
import type { ArenaMark, ColumnLayout, PackTarget, Struct, TypeLike } from '@memkit/core'
import { expect } from 'vitest'
import * as core from '@memkit/core'
import { describeBadInput, ownErrors, type BadInput } from '@memkit/testing/bad-input'

/** Of each kind one that is in use and one whose time is over, in one heap of 1 MiB. */
function setUp() {
  const heap = createHeap({ bytes: 1 << 20, label: 'Level' })
  const used = heap.alloc(100, 16, 'weights')
  const freed = heap.alloc(100, 16, 'old weights')
  heap.free(freed)
  // The freed place is taken again, so that freeing it twice would free another's.
  heap.alloc(100, 16, 'neighbour')

  const arena = new FrameArena(heap, 1024, { label: 'scratch arena', maxBytes: 4096 })
  const otherArena = new FrameArena(heap, 1024)
  const oldMark = arena.mark()
  arena.reset()
  arena.alloc(Uint8Array, 10).fill(7)
  const mark = arena.mark()
  arena.alloc(Uint8Array, 10)
  const passedMark = arena.mark()
  arena.rewind(mark)
  const goneArena = new FrameArena(heap, 64, { label: 'gone arena' })
  goneArena.dispose()

  const memory = new MkAllocator({
    heap,
    frameArenaBytes: 1024,
    maxFrameArenaBytes: 4096,
    budgets: { [MkTag.Physics]: { hard: 1000 } },
  })
  memory.beginFrame()
  // The same list in the same place would be that of the next frame, too.
  memory.frameAlloc(Uint8Array, 1)
  const oldVec = memory.frameVec(Float32Array, 4)
  memory.endFrame()
  const endedPhase = memory.beginPhase('physics')
  endedPhase.end()
  const freedHandle = memory.alloc(10)
  memory.free(freedHandle)
  const closed = new MkAllocator({ heap, frameArenaBytes: 64 })
  memory.beginFrame()
  const vec = memory.frameVec(Float32Array, 4)
  vec.push(1)

  const rows = 100
  const target: PackTarget = {
    offset: heap.alloc(rows * 8, 16, 'mirror').offset,
    dirty: new DirtyRows(rows, {
      buffer: heap.buffer,
      offset: heap.alloc(DirtyRows.bytesFor(rows), 16, 'bits').offset,
    }),
  }
  const columns: ColumnLayout[] = [0, 4].map((offset) => ({ type: 'f32', arity: 1, offsets: [offset] }))
  const packer = new ColumnPacker(heap, columns, 8)
  const source = new Float32Array(rows)
  packer.bind(0, source)
  packer.bind(1, source)
  target.dirty.set(7)
  const unbound = new ColumnPacker(heap, columns, 8)
  const gonePacker = new ColumnPacker(heap, columns, 8)
  gonePacker.dispose()

  const store = heap.rows(struct({ at: vec3f }), 10, 'bodies')
  const ranges = new RangeAllocator(64)
  const range = ranges.alloc(16)
  const words = new Uint32Array(heap.buffer)
  return {
    ...{ heap, used, freed, arena, oldMark, passedMark, otherMark: otherArena.mark(), goneArena },
    ...{ memory, vec, oldVec, endedPhase, freedHandle, closed, foreign: createHeap({ bytes: 1 }).alloc(16) },
    ...{ target, columns, packer, unbound, gonePacker, store, ranges, range },
    /** Everything that counts, and a hash of every byte. */
    state: () => ({
      heap: heap.stats,
      leaks: heap.leaks(),
      arena: [arena.used, arena.count, arena.capacity, arena.allocs],
      // How often a budget refused is told, and is the one thing that may change.
      memory: { ...memory.stats, tags: memory.stats.tags.map((tag) => ({ ...tag, refused: 0 })) },
      vec: [...vec.view()],
      dirty: [...target.dirty.words, ...target.dirty.summary],
      holes: packer.holes,
      ranges: ranges.report(),
      bytes: words.reduce((hash, word) => (Math.imul(hash, 31) + word) | 0, 0),
    }),
    works: () => {
      const block = heap.alloc(1000)
      heap.free(block)
      heap.free(used)
      arena.scope(() => arena.alloc(Float64Array, 100).fill(1))
      expect(memory.frameSlice(Float32Array, [1, 2]).at(1)).toBe(2)
      expect(memory.frameAlloc(Uint8Array, 1000, MkTag.Physics)).toHaveLength(1000)
      memory.endFrame()
      source[42] = 1.5
      expect(packer.diff(target, 0, rows)).toBe(1)
      expect([7, 42].every((row) => target.dirty.has(row)) && target.dirty.count).toBe(2)
      const mirror = new Float32Array(heap.buffer, target.offset, rows * 2)
      expect([...mirror.subarray(84, 86)]).toEqual([1.5, 1.5])
      ranges.free(range)
      expect(ranges.report().free).toBe(64)
    },
  }
}

type Row = BadInput<ReturnType<typeof setUp>>
const any = (thing: unknown): never => thing as never
const column = (type: TypeLike) => ({ field: type })

const sizes: readonly Row[] = [
  ['heap.alloc(−1)', InvalidSize, (b) => b.heap.alloc(-1), { what: 'heap.alloc: bytes', value: -1, min: 0 }],
  ['heap.alloc of a fraction', InvalidSize, (b) => b.heap.alloc(0.5)],
  ['heap.alloc(NaN)', InvalidSize, (b) => b.heap.alloc(Number.NaN)],
  ['heap.alloc(Infinity)', InvalidSize, (b) => b.heap.alloc(Infinity)],
  ['heap.alloc above 4 GiB', InvalidSize, (b) => b.heap.alloc(2 ** 32 + 1), { max: 2 ** 32 }],
  ['heap.alloc of a string', InvalidSize, (b) => b.heap.alloc(any('16'))],
  ['a heap of no bytes', InvalidSize, () => createHeap({ bytes: 0 })],
  ['a heap of −1 bytes', InvalidSize, () => createHeap({ bytes: -1 })],
  ['a heap of half a byte', InvalidSize, () => createHeap({ bytes: 0.5 })],
  ['a heap above 4 GiB', InvalidSize, () => createHeap({ bytes: 2 ** 32 + 1 })],
  ['an alignment of 0', InvalidAlignment, (b) => b.heap.alloc(16, 0)],
  ['an alignment of 24', InvalidAlignment, (b) => b.heap.alloc(16, 24), { value: 24 }],
  ['an alignment of NaN', InvalidAlignment, (b) => b.heap.alloc(16, Number.NaN)],
  ['an alignment of −16', InvalidAlignment, (b) => b.heap.alloc(16, -16)],
  [
    'more than the heap has',
    HeapFull,
    (b) => b.heap.alloc(2 ** 32, 16, 'terrain'),
    { asked: 2 ** 32, bytes: 1 << 20, label: 'terrain' },
  ],
  ['a block that was freed', DoubleFree, (b) => b.heap.free(b.freed), { owner: 'Level' }],
  ['a block of another heap', NotAllocated, (b) => b.heap.free(b.foreign)],
  ['what only looks like a block', NotAllocated, (b) => b.heap.free({ offset: b.used.offset, size: 100 })],
  ['a range of 0', InvalidSize, (b) => b.ranges.alloc(0)],
  ['an invalid range', NotAllocated, (b) => b.ranges.free(5)],
  ['a range allocator of 2³³', InvalidSize, () => new RangeAllocator(2 ** 33)],
]

const frames: readonly Row[] = [
  ['a negative length', InvalidSize, (b) => b.arena.alloc(Uint8Array, -1)],
  ['a fractional length', InvalidSize, (b) => b.arena.alloc(Uint8Array, 0.5)],
  ['a length of NaN', InvalidSize, (b) => b.arena.alloc(Uint8Array, Number.NaN)],
  ['a length of 2³²', InvalidSize, (b) => b.arena.alloc(Uint8Array, 2 ** 32)],
  ['numbers of more than 2³² bytes', InvalidSize, (b) => b.arena.alloc(Float64Array, 2 ** 29)],
  ['negative bytes', InvalidSize, (b) => b.arena.allocBytes(-16)],
  ['bytes as a bigint', InvalidSize, (b) => b.arena.allocBytes(any(16n))],
  ['fractional bytes', InvalidSize, (b) => b.arena.allocBytes(1.5)],
  [
    'more than the arena may hold',
    ArenaFull,
    (b) => b.arena.alloc(Uint8Array, 8192),
    { asked: 8192, maxBytes: 4096 },
  ],
  ['frame memory aligned to 3', InvalidAlignment, (b) => b.arena.alloc(Uint8Array, 1, 3)],
  ['frame memory aligned to 0', InvalidAlignment, (b) => b.arena.alloc(Uint8Array, 1, 0)],
  ['frame memory aligned to 2.5', InvalidAlignment, (b) => b.arena.alloc(Uint8Array, 1, 2.5)],
  ['frame memory aligned to NaN', InvalidAlignment, (b) => b.arena.alloc(Uint8Array, 1, Number.NaN)],
  ['frame memory aligned to 2³¹', InvalidAlignment, (b) => b.arena.alloc(Uint8Array, 1, 2 ** 31)],
  ['a mark of another frame', StaleMark, (b) => b.arena.rewind(b.oldMark), { arena: 'scratch arena' }],
  ['a mark of another arena', StaleMark, (b) => b.arena.rewind(b.otherMark)],
  ['a mark that was rewound past', StaleMark, (b) => b.arena.rewind(b.passedMark)],
  ['NaN as a mark', StaleMark, (b) => b.arena.rewind(Number.NaN as ArenaMark)],
  ['a fraction of a mark', StaleMark, (b) => b.arena.rewind((b.arena.mark() - 0.5) as ArenaMark)],
  ['an arena of no bytes', InvalidSize, (b) => new FrameArena(b.heap, 0)],
  ['a cap below the bytes of the arena', InvalidSize, (b) => new FrameArena(b.heap, 64, { maxBytes: 32 })],
  ['an arena that was disposed of', ArenaDisposed, (b) => b.goneArena.alloc(Uint8Array, 1)],
  [
    'frameAlloc outside of a frame',
    NoOpenFrame,
    (b) => b.closed.frameAlloc(Uint8Array, 1),
    { call: 'frameAlloc' },
  ],
  ['endFrame without beginFrame', NoOpenFrame, (b) => b.closed.endFrame(), { call: 'endFrame' }],
  ['scope outside of a frame', NoOpenFrame, (b) => b.closed.scope(() => {})],
  [
    'frameAlloc of a fraction',
    InvalidSize,
    (b) => b.memory.frameAlloc(Float32Array, 0.5),
    { what: 'MkAllocator.frameAlloc: length' },
  ],
  [
    'frameAlloc above 4 GiB, by the name of what was called',
    InvalidSize,
    (b) => b.memory.frameAlloc(Float32Array, 2 ** 31),
    // 2³² − 1 bytes in numbers of four.
    { what: 'MkAllocator.frameAlloc: length', max: 2 ** 30 - 1 },
  ],
  [
    'alloc above 4 GiB, by the name of what was called',
    InvalidSize,
    (b) => b.memory.alloc(2 ** 40),
    { what: 'MkAllocator.alloc: bytes', max: 2 ** 32 },
  ],
  [
    'more than a budget allows',
    BudgetExceeded,
    (b) => b.memory.alloc(1001, { tag: MkTag.Physics }),
    { tag: 'physics', asked: 1001, used: 0, hard: 1000 },
  ],
  [
    'a soft limit above the hard one',
    InvalidSize,
    (b) => b.memory.limit(MkTag.Physics, { soft: 2, hard: 1 }),
  ],
  ['a handle that was freed', DoubleFree, (b) => b.memory.free(b.freedHandle)],
  ['an invalid handle', NotAllocated, (b) => b.memory.free(any(-1))],
  [
    'more handles than a table has',
    HandlesFull,
    () => {
      const table = new Handles<number>()
      for (let i = 0; i <= 2 ** 20; i++) table.insert(i)
    },
    { max: 2 ** 20 },
  ],
  ['a phase that has ended', PhaseEnded, (b) => b.endedPhase.end(), { phase: 'physics' }],
  ['a list of an older frame', StaleFrameVec, (b) => b.oldVec.push(1)],
  ['cutting a list to more than it has', InvalidSize, (b) => b.vec.truncate(2), { max: 1 }],
]

const rows: readonly Row[] = [
  ['a row past the last', RowOutOfRange, (b) => b.target.dirty.set(100), { row: 100, rows: 100 }],
  ['row −1', RowOutOfRange, (b) => b.target.dirty.set(-1)],
  ['half a row', RowOutOfRange, (b) => b.target.dirty.unset(0.5)],
  ['a row of a set without rows', RowOutOfRange, () => new DirtyRows(0).set(0), { rows: 0 }],
  [
    'a range past the last row',
    RowsOutOfRange,
    (b) => b.target.dirty.setRange(90, 11),
    { first: 90, count: 11 },
  ],
  ['a range of −1 rows', RowsOutOfRange, (b) => b.target.dirty.setRange(0, -1)],
  ['taking over a bigger set', RowsOutOfRange, (b) => b.target.dirty.copyFrom(new DirtyRows(101))],
  ['a set of 2³¹ rows', InvalidSize, () => new DirtyRows(2 ** 31)],
  ['bits at no multiple of 4', WrongMemory, (b) => new DirtyRows(9, { buffer: b.heap.buffer, offset: 2 })],
  ['bits past the end', WrongMemory, (b) => new DirtyRows(9, { buffer: b.heap.buffer, offset: 1 << 20 })],
  ['a column that there is not', ColumnUnusable, (b) => b.packer.bind(2, []), { column: 2 }],
  ['a column of 64-bit integers', ColumnUnusable, (b) => b.packer.bind(0, any(new BigInt64Array(100)))],
  ["a column that isn't an array", ColumnUnusable, (b) => b.packer.bind(1, any({ length: 100 }))],
  ['columns that were not bound', ColumnUnusable, (b) => b.unbound.diff(b.target, 0, 100), { column: 0 }],
  ['packing past the last row', RowsOutOfRange, (b) => b.packer.pack(b.target, 50, 51)],
  [
    'dirty rows in another memory',
    WrongMemory,
    (b) => b.packer.diff({ offset: 0, dirty: new DirtyRows(100) }, 0, 1),
  ],
  ['a target past the end', WrongMemory, (b) => b.packer.diff({ ...b.target, offset: 1 << 20 }, 0, 1)],
  ['an entity table at no multiple of 4', WrongMemory, (b) => b.packer.diff(b.target, 0, 1, undefined, 2)],
  ['a packer that was disposed of', PackerDisposed, (b) => b.gonePacker.diff(b.target, 0, 1)],
  ['a packer without columns', PackLayoutInvalid, (b) => new ColumnPacker(b.heap, [], 16), { column: -1 }],
  ['a stride of 6 bytes', PackLayoutInvalid, (b) => new ColumnPacker(b.heap, b.columns, 6)],
  [
    'a column past the stride',
    PackLayoutInvalid,
    (b) => new ColumnPacker(b.heap, b.columns, 4),
    { column: 1 },
  ],
  [
    'two columns in one place',
    PackLayoutInvalid,
    (b) => new ColumnPacker(b.heap, [b.columns[0], b.columns[0]], 8),
    { column: 1 },
  ],
]

const stores: readonly Row[] = [
  ...[0, -1, 1.5, Number.NaN, Infinity, 2 ** 32].flatMap((capacity): Row[] => [
    [
      `columns with a capacity of ${capacity}`,
      InvalidSize,
      (b) => b.heap.columns({ x: f32 }, capacity, 'position'),
      // 2³² bytes in entities of 4, of which id 0 is one.
      { what: 'position: capacity', max: 2 ** 30 - 1 },
    ],
    [
      `rows with a capacity of ${capacity}`,
      InvalidSize,
      (b) => b.heap.rows(struct({ at: vec4f }), capacity, 'bodies'),
      { what: 'bodies: capacity', max: 2 ** 28 - 1 },
    ],
  ]),
  ['columns for more than the heap has', HeapFull, (b) => b.heap.columns({ x: f32 }, 1 << 20)],
  ['rows for more than the heap has', HeapFull, (b) => b.heap.rows(struct({ at: vec4f }), 1 << 20)],
  ...['component', 'data'].map((name): Row => [
    `a column named ${name}`,
    ReservedField,
    (b) => b.heap.columns({ [name]: f32 }, 10),
    { field: name },
  ]),
  ...['f32', 'i32', 'u32', 'stride', 'offset', 'component', 'data'].map((name): Row => [
    `a field of rows named ${name}`,
    ReservedField,
    (b) => b.heap.rows(struct({ [name]: f32 }), 10),
  ]),
  ['no columns', InvalidSchema, (b) => b.heap.columns({}, 10)],
  ['a column whose name WGSL does not allow', InvalidIdentifier, (b) => b.heap.columns({ 'a-b': f32 }, 10)],
  [
    'a column of arrays of structs',
    InvalidSchema,
    (b) => b.heap.columns(column(array(struct({ a: f32 }), 2)), 10),
  ],
  ['a column of structs', InvalidSchema, (b) => b.heap.columns(column(struct({ a: f32 })), 10)],
  ['a column without an end', InvalidSchema, (b) => b.heap.columns(column(array(f32)), 10)],
  ['a column from a column', InvalidSchema, (b) => b.heap.columns(column(f32.from('x')), 10)],
  ['rows of a vector', InvalidSchema, (b) => b.heap.rows(any(vec3f), 10)],
  ['rows without an end', InvalidSchema, (b) => b.heap.rows(struct({ n: u32, list: array(f32) }), 10)],
  ['rows from columns', InvalidSchema, (b) => b.heap.rows(struct({ at: vec2f.from('x', 'y') }), 10)],
  ['rows of 2 bytes', InvalidSchema, (b) => b.heap.rows(struct({ half: f16 }), 10)],
  ['an entity past the last row', RowOutOfRange, (b) => b.store.at(11), { row: 11, rows: 11 }],
  ['a column of 64-bit integers, unasked', ColumnNotSyncable, () => scalarFor(new BigInt64Array(1))],
  ['a column of strings, unasked', ColumnNotSyncable, () => scalarFor('Ada', 'name'), { column: 'name' }],
]

const layouts: readonly Row[] = [
  ['a struct without fields', InvalidSchema, () => struct({})],
  ['a struct of nothing', InvalidSchema, () => struct(any(null))],
  ['an atomic float', InvalidSchema, () => atomic(any(f32))],
  ['an array of 0', InvalidArrayCount, () => array(f32, 0), { element: 'f32', count: 0 }],
  ['an array of −1', InvalidArrayCount, () => array(f32, -1)],
  ['an array of 2.5', InvalidArrayCount, () => array(f32, 2.5)],
  ['an array of 2³¹', InvalidArrayCount, () => array(f32, 2 ** 31)],
  ['a runtime array before the last field', RuntimeArrayNotLast, () => struct({ list: array(f32), n: u32 })],
  [
    'a runtime array in a nested struct',
    RuntimeArrayNotLast,
    () => struct({ in: struct({ list: array(f32) }) }),
  ],
  ['an array of runtime arrays', RuntimeArrayNotLast, () => array(array(f32), 2)],
  [
    'an alignment of 3',
    InvalidAttribute,
    () => struct({ a: align(3, f32) }),
    { attribute: 'align', bytes: 3 },
  ],
  [
    'a size below that of the type',
    InvalidAttribute,
    () => struct({ a: size(4, vec4f) }),
    { attribute: 'size' },
  ],
  [
    'a field named with a space',
    InvalidIdentifier,
    () => struct({ 'a b': f32 }),
    { identifier: 'a b', of: 'field' },
  ],
  ['a field named as WGSL is', InvalidIdentifier, () => struct({ struct: f32 })],
  ['a struct named by a number', InvalidIdentifier, () => struct({ a: f32 }, '1st'), { of: 'struct' }],
  [
    'a name that would end the declaration',
    InvalidIdentifier,
    () => struct({ a: f32 }).wgsl('A {} fn evil() {}'),
  ],
  ['a boolean', NotHostShareable, () => struct({ on: any({ type: 'bool' }) })],
  ['a number for a type', NotHostShareable, () => struct({ on: any(42) })],
  [
    'too few columns',
    WrongColumnCount,
    () => (vec3f.from as (...names: string[]) => unknown)('x', 'y'),
    { type: 'vec3f', expected: 3, given: 2 },
  ],
  [
    'an array of floats as uniform',
    InvalidLayout,
    () => checkLayout(struct({ a: array(f32, 4) }), 'uniform'),
  ],
  ['a runtime array as uniform', InvalidLayout, () => checkLayout(struct({ a: array(vec4f) }), 'uniform')],
  ['an atomic as uniform', InvalidLayout, () => checkLayout(struct({ a: atomic(u32) }), 'uniform')],
  [
    'a struct nested at byte 4 as uniform',
    InvalidLayout,
    () => checkLayout(struct({ a: f32, b: struct({ c: f32 }) }), 'uniform'),
    { space: 'uniform', problems: [{ path: 'b', reason: expect.stringContaining('align(16, …)') }] },
  ],
  [
    'a number where a vector goes',
    InvalidValue,
    (b) => writeValue(struct({ at: vec3f }), { at: any(1) }, new DataView(b.heap.buffer)),
    { path: 'at' },
  ],
  [
    'a field that the struct lacks',
    InvalidValue,
    (b) => writeValue(struct({ at: vec3f }) as Struct, { to: [1, 2, 3] }, new DataView(b.heap.buffer)),
    { path: 'to' },
  ],
  [
    'a value past the end',
    InvalidSize,
    (b) => writeValue(vec4f, [1, 2, 3, 4], new DataView(b.heap.buffer), (1 << 20) - 8),
  ],
]

describeBadInput(
  ownErrors(core),
  setUp,
  [...sizes, ...frames, ...rows, ...stores, ...layouts],
  {
    ReserveRefused: ['packages/core/test/heap.test.ts', 'gives up below 1 MiB'],
  },
  ['PackLayoutInvalid.column'],
)
