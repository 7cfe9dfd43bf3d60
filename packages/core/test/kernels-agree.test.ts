import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ColumnPacker, createKernels, DirtyRows } from '@memkit/core'
import type { ColumnLayout, NumberArray, PackTarget } from '@memkit/core'
import { BumpMemory } from './bump-memory.ts'
import { nearestHalf } from '@memkit/testing/nearest-half'

type ArraySource = NumberArray | readonly number[]

/**
 * One world of columns, rows, mask and table, from a few numbers, so that it can be built twice: once for the
 * WebAssembly kernels, once for their JavaScript twins.
 */
interface Case {
  readonly seed: number
  readonly rows: number
  readonly first: number
  readonly count: number
  /** Per column: how many scalars, what they become, where they come from. */
  readonly columns: readonly {
    arity: number
    type: ColumnLayout['type']
    source: SourceKind
    entities: number
    extra: number
  }[]
  /** Whether scalars of one column stay together in the row, or are dealt out one by one. */
  readonly dealt: boolean
  readonly gap: number
  readonly mask: boolean
  readonly alive: number
  readonly table: boolean
  readonly changed: number
  /** Bytes that the mirror's rows are shifted by, and that columns start late: nothing is aligned to 16. */
  readonly shift: number
  readonly rounds: readonly ('diff' | 'pack')[]
}

const sourceKinds = [
  'heap', // of the row's kind, in the memory
  'heap-other', // of another kind, in the memory
  'outside',
  'shared',
  'f64',
  'i8',
  'u8',
  'u8c',
  'i16',
  'u16',
  'i32',
  'u32',
  'f32',
  'plain',
] as const
type SourceKind = (typeof sourceKinds)[number]

const aCase: fc.Arbitrary<Case> = fc
  .record({
    seed: fc.nat(),
    rows: fc.oneof(fc.integer({ min: 1, max: 80 }), fc.integer({ min: 81, max: 2600 }), fc.constant(5000)),
    columns: fc.array(
      fc.record({
        arity: fc.oneof(
          { arbitrary: fc.constant(1), weight: 4 },
          { arbitrary: fc.integer({ min: 1, max: 9 }), weight: 1 },
        ),
        type: fc.constantFrom('f32', 'f32', 'i32', 'u32', 'f16' as const),
        source: fc.oneof(
          { arbitrary: fc.constant('heap' as const), weight: 6 },
          fc.constantFrom(...sourceKinds),
        ),
        entities: fc.integer({ min: 0, max: 110 }),
        extra: fc.nat(1),
      }),
      { minLength: 1, maxLength: 20 },
    ),
    dealt: fc.boolean(),
    gap: fc.constantFrom(0, 0, 0, 1, 5),
    mask: fc.boolean(),
    alive: fc.constantFrom(0.01, 0.3, 0.95, 1),
    table: fc.oneof({ arbitrary: fc.constant(false), weight: 3 }, fc.constant(true)),
    changed: fc.constantFrom(0, 0.001, 0.05, 0.5, 1),
    shift: fc.constantFrom(0, 4, 8, 12),
    rounds: fc.array(fc.constantFrom('diff', 'diff', 'pack'), { minLength: 1, maxLength: 3 }),
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    till: fc.double({ min: 0, max: 1, noNaN: true }),
    all: fc.boolean(),
  })
  .map(({ from, till, all, ...rest }) => {
    const first = all ? 0 : Math.floor(from * rest.rows)
    return { ...rest, first, count: all ? rest.rows : Math.floor(till * (rest.rows - first)) }
  })

/** Small and fast random numbers: xorshift. */
function randomOf(seed: number): () => number {
  let x = (seed | 0) === 0 ? 1 : seed | 0
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) / 2 ** 32
  }
}

/** Bits that are easy to get wrong. */
const oddBits = [
  0, 0x80000000, 0x7fa00001, 0xffc12345, 0x7f800000, 0x00000001, 0x33000001, 0x477fefff, 0x477ff000,
]
const oddNumbers = [0, -0, Number.NaN, 1e300, -1e-300, 2 ** 31, 65519.999, 65520, 2 ** -25, 1.5, -1]

/** Puts random numbers into a source; some of them odd ones. */
function fill(source: ArraySource, share: number, random: () => number): void {
  const bits =
    source instanceof Float32Array || source instanceof Int32Array || source instanceof Uint32Array
      ? new Uint32Array(source.buffer, source.byteOffset, source.length)
      : undefined
  const numbers = source as number[]
  for (let i = 0; i < source.length; i++) {
    if (random() >= share) continue
    const odd = random()
    if (bits !== undefined) {
      bits[i] = odd < 0.3 ? oddBits[Math.floor(random() * oddBits.length)] : random() * 2 ** 32
    } else if (Array.isArray(source) && odd < 0.1) {
      if (odd < 0.05) Reflect.deleteProperty(numbers, i)
      else numbers[i] = 'no number' as unknown as number
    } else {
      numbers[i] = odd < 0.3 ? oddNumbers[Math.floor(random() * oddNumbers.length)] : (random() - 0.5) * 1e5
    }
  }
}

class World {
  readonly memory: BumpMemory
  readonly packer: ColumnPacker
  readonly target: PackTarget
  readonly layouts: ColumnLayout[]
  readonly sources: ArraySource[]
  readonly stride: number
  readonly mask: DirtyRows | undefined
  readonly table: number | undefined
  readonly begin: number
  readonly random: () => number
  readonly case: Case

  constructor(what: Case, kind: 'auto' | 'js') {
    this.case = what
    this.random = randomOf(what.seed)
    this.memory = new BumpMemory(2 ** 22, kind, 64)
    const { layouts, stride } = layOut(what)
    this.layouts = layouts
    this.stride = stride
    this.sources = what.columns.map((column) => this.makeSource(column))
    this.packer = new ColumnPacker(this.memory, layouts, stride)
    const bits = this.memory.alloc(DirtyRows.bytesFor(what.rows))
    const dirty = new DirtyRows(what.rows, { buffer: this.memory.buffer, offset: bits.offset })
    this.mask = this.makeMask()
    this.table = undefined
    if (what.table) {
      this.table = this.memory.alloc(what.rows * 4).offset
      const table = new Uint32Array(this.memory.buffer, this.table, what.rows)
      for (let row = 0; row < what.rows; row++) table[row] = Math.floor(this.random() * what.rows * 1.05)
    }
    // The mirror ends where the memory ends, so that reading past it would trap.
    this.begin = this.memory.used
    const offset = this.memory.buffer.byteLength - what.rows * stride
    this.target = { offset, dirty }
    const junk = new Uint8Array(this.memory.buffer, offset)
    for (let i = 0; i < junk.length; i += 7) junk[i] = this.random() * 256
  }

  makeSource({ arity, type, source, entities, extra }: Case['columns'][number]): ArraySource {
    // The last entity may lack scalars: then it is past the end, but for plain arrays, of which all is read.
    const n = Math.max(
      0,
      Math.ceil((this.case.rows * entities) / 100) * arity - (source === 'plain' ? 0 : extra),
    )
    const near = (): number => this.memory.alloc(n * 4 + 16).offset + this.case.shift
    const kind = type === 'f16' ? 'f32' : type
    const same = { f32: Float32Array, i32: Int32Array, u32: Uint32Array }[kind]
    switch (source) {
      case 'heap':
        return new same(this.memory.buffer, near(), n)
      case 'heap-other':
        return kind === 'f32'
          ? new Int32Array(this.memory.buffer, near(), n)
          : new Float32Array(this.memory.buffer, near(), n)
      case 'outside':
        return new same(n)
      case 'shared':
        return new same(new SharedArrayBuffer(n * 4) as unknown as ArrayBuffer)
      case 'plain':
        return Array.from({ length: n }, () => 0)
      default: {
        const kinds = {
          f64: Float64Array,
          i8: Int8Array,
          u8: Uint8Array,
          u8c: Uint8ClampedArray,
          i16: Int16Array,
          u16: Uint16Array,
          i32: Int32Array,
          u32: Uint32Array,
          f32: Float32Array,
        }
        return new kinds[source](n)
      }
    }
  }

  makeMask(): DirtyRows | undefined {
    const { mask, rows, alive } = this.case
    if (!mask) return undefined
    const place = { buffer: this.memory.buffer, offset: this.memory.alloc(DirtyRows.bytesFor(rows)).offset }
    const set = new DirtyRows(rows, place)
    if (alive === 1) set.setRange(0, rows)
    else for (let row = 0; row < rows; row++) if (this.random() < alive) set.set(row)
    return set
  }

  /** Changes some numbers and runs the packer. */
  step(how: 'diff' | 'pack'): number {
    for (const source of this.sources) fill(source, this.case.changed, this.random)
    this.sources.forEach((source, i) => this.packer.bind(i, source))
    return this.packer[how](this.target, this.case.first, this.case.count, this.mask, this.table)
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.memory.buffer.slice(this.target.offset))
  }
}

/** Where each scalar lies in the row. */
function layOut({ columns, dealt, gap }: Case): { layouts: ColumnLayout[]; stride: number } {
  const offsets: number[][] = columns.map(() => [])
  let at = 0
  const place = (c: number): void => {
    const size = columns[c].type === 'f16' ? 2 : 4
    at = Math.ceil(at / size) * size
    offsets[c].push(at)
    at += size
  }
  if (dealt) {
    for (let k = 0; k < 9; k++) columns.forEach(({ arity }, c) => (k < arity ? place(c) : undefined))
  } else {
    columns.forEach(({ arity }, c) => {
      for (let k = 0; k < arity; k++) place(c)
    })
  }
  const stride = Math.ceil(at / 4) * 4 + gap * 4
  return { layouts: columns.map(({ arity, type }, c) => ({ arity, type, offsets: offsets[c] })), stride }
}

/** What a scalar of a source must look like in the row, as bytes; found by a way of its own. */
function expectedBytes(layout: ColumnLayout, source: ArraySource, element: number): number[] {
  const out = new DataView(new ArrayBuffer(4))
  const end = Array.isArray(source) ? source.length : source.length - (source.length % layout.arity)
  const value: unknown = element < end ? source[element] : 0
  const number = typeof value === 'number' ? value : 0
  if (layout.type === 'f16') {
    if (Number.isNaN(number) && source instanceof Float32Array) {
      const bits = new Uint32Array(source.buffer, source.byteOffset, source.length)[element]
      out.setUint16(0, ((bits >>> 16) & 0x8000) | 0x7e00 | ((bits >>> 13) & 0x1ff), true)
    } else out.setUint16(0, Number.isNaN(number) ? 0x7e00 : nearestHalf(number), true)
    return [out.getUint8(0), out.getUint8(1)]
  }
  const raw =
    layout.type === 'f32'
      ? source instanceof Float32Array
      : source instanceof Int32Array || source instanceof Uint32Array
  if (raw && element < end) {
    const view = source as Float32Array
    out.setUint32(0, new DataView(view.buffer, view.byteOffset).getUint32(element * 4, true), true)
  } else if (layout.type === 'f32') out.setFloat32(0, number, true)
  else out.setInt32(0, number, true)
  return [0, 1, 2, 3].map((i) => out.getUint8(i))
}

/** The whole packer in a few lines: rows, dirty bits and count as they must be. */
function model(
  world: World,
  before: Uint8Array,
  how: 'diff' | 'pack',
): { bytes: Uint8Array; rows: Set<number> } {
  const { first, count } = world.case
  const bytes = before.slice()
  const rows = new Set<number>()
  const table = world.table === undefined ? undefined : new Uint32Array(world.memory.buffer, world.table)
  for (let row = first; row < first + count; row++) {
    if (world.mask !== undefined && !world.mask.has(row)) continue
    const entity = table === undefined ? row : table[row]
    let differs = how === 'pack'
    world.layouts.forEach((layout, c) => {
      layout.offsets.forEach((offset, k) => {
        expectedBytes(layout, world.sources[c], entity * layout.arity + k).forEach((byte, b) => {
          const at = row * world.stride + offset + b
          if (bytes[at] !== byte) differs = true
          bytes[at] = byte
        })
      })
    })
    if (differs) rows.add(row)
  }
  return { bytes, rows }
}

describe('kernels', () => {
  it('are WebAssembly SIMD here, and JavaScript on request or without a memory', () => {
    const memory = new WebAssembly.Memory({ initial: 1 })
    expect(createKernels(memory, memory.buffer).kind).toBe('wasm-simd')
    expect(createKernels(memory, memory.buffer, 'js').kind).toBe('js')
    expect(createKernels(undefined, new ArrayBuffer(64)).kind).toBe('js')
  })

  it('agree bit by bit with each other and with a model, for any columns, rows, masks and tables', () => {
    fc.assert(
      fc.property(aCase, (what) => {
        const worlds = [new World(what, 'auto'), new World(what, 'js')]
        for (const how of what.rounds) {
          const [wasm, js] = worlds.map((world) => {
            const before = world.bytes()
            const holes = world.packer.holes
            const dirtyBefore = new Set<number>()
            world.target.dirty.forEachRun(0, (f, n) => {
              for (let r = f; r < f + n; r++) dirtyBefore.add(r)
            })
            const changed = world.step(how)
            return {
              world,
              before,
              changed,
              dirtyBefore,
              holes: world.packer.holes - holes,
              after: world.bytes(),
            }
          })
          const expected = model(wasm.world, wasm.before, how)
          expect(wasm.changed).toBe(js.changed)
          expect(Buffer.compare(wasm.after, js.after)).toBe(0)
          expect(wasm.world.target.dirty.words).toEqual(js.world.target.dirty.words)
          expect(wasm.world.target.dirty.summary).toEqual(js.world.target.dirty.summary)
          expect(wasm.holes).toBe(js.holes)
          expect(Buffer.compare(wasm.after, expected.bytes)).toBe(0)
          expect(wasm.changed).toBe(expected.rows.size)
          for (const row of wasm.dirtyBefore) expected.rows.add(row)
          expect(wasm.world.target.dirty.count).toBe(expected.rows.size)
          for (const row of expected.rows) expect(wasm.world.target.dirty.has(row)).toBe(true)
        }
      }),
      { numRuns: Number(process.env.KERNEL_RUNS ?? 100) },
    )
  }, 120_000)

  it('gather the same rows and numbers', () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.nat(),
          rows: fc.integer({ min: 1, max: 3000 }),
          strideWords: fc.integer({ min: 1, max: 20 }),
          share: fc.constantFrom(0, 0.01, 0.5, 0.99, 1),
          first: fc.double({ min: 0, max: 1, noNaN: true }),
          till: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
        ({ seed, rows, strideWords, share, first: from, till }) => {
          const stride = strideWords * 4
          const first = Math.floor(from * rows)
          const count = Math.floor(till * (rows - first))
          const [wasm, js] = (['auto', 'js'] as const).map((kind) => {
            const random = randomOf(seed)
            const memory = new BumpMemory(2 ** 20, kind)
            const place = { buffer: memory.buffer, offset: memory.alloc(DirtyRows.bytesFor(rows)).offset }
            const dirty = new DirtyRows(rows, place)
            for (let row = 0; row < rows; row++) if (random() < share) dirty.set(row)
            const source = memory.alloc(rows * stride, 4).offset
            const bytes = new Uint32Array(memory.buffer, source, rows * strideWords)
            for (let i = 0; i < bytes.length; i++) bytes[i] = random() * 2 ** 32
            const wanted: number[] = []
            for (let row = first; row < first + count; row++) if (dirty.has(row)) wanted.push(row)
            const payload = memory.alloc(wanted.length * stride + 16, 4).offset
            const indices = memory.alloc(wanted.length * 4 + 16, 4).offset
            const n = memory.kernels.gather(
              dirty.offset,
              dirty.summaryOffset,
              first,
              count,
              source,
              stride,
              payload,
              indices,
            )
            expect(n).toBe(wanted.length)
            expect([...new Uint32Array(memory.buffer, indices, n)]).toEqual(wanted)
            const copies = new Uint32Array(memory.buffer, payload, n * strideWords + 4)
            wanted.forEach((row, i) => {
              const row0 = row * strideWords
              expect(copies.subarray(i * strideWords, (i + 1) * strideWords)).toEqual(
                bytes.subarray(row0, row0 + strideWords),
              )
            })
            expect([...copies.subarray(n * strideWords)]).toEqual([0, 0, 0, 0]) // not a byte more
            return new Uint8Array(memory.buffer)
          })
          expect(Buffer.compare(wasm, js)).toBe(0)
        },
      ),
      { numRuns: 100 },
    )
  })

  it('find the same words that differ from their copy, wherever the bits begin', () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.nat(),
          count: fc.integer({ min: 0, max: 3000 }),
          first: fc.integer({ min: 0, max: 100 }),
          share: fc.constantFrom(0, 0.01, 0.5, 1),
        }),
        ({ seed, count, first, share }) => {
          const [wasm, js] = (['auto', 'js'] as const).map((kind) => {
            const random = randomOf(seed)
            const memory = new BumpMemory(2 ** 20, kind)
            const rows = first + count + 5
            const place = { buffer: memory.buffer, offset: memory.alloc(DirtyRows.bytesFor(rows)).offset }
            const dirty = new DirtyRows(rows, place)
            const source = memory.alloc(count * 4 + 16, 4).offset
            const copy = memory.alloc(count * 4 + 16, 4).offset
            const [words, copied] = [source, copy].map((at) => new Uint32Array(memory.buffer, at, count))
            const wanted: number[] = []
            for (let i = 0; i < count; i++) {
              words[i] = copied[i] = random() * 2 ** 32
              if (random() >= share) continue
              copied[i]++
              wanted.push(first + i)
            }
            const n = memory.kernels.diffWords(source, copy, count, dirty.offset, dirty.summaryOffset, first)
            expect(n).toBe(wanted.length)
            expect(copied).toEqual(words)
            const found: number[] = []
            dirty.forEachRun(0, (from, length) => {
              for (let row = from; row < from + length; row++) found.push(row)
            })
            expect(found).toEqual(wanted)
            return new Uint8Array(memory.buffer)
          })
          expect(Buffer.compare(wasm, js)).toBe(0)
        },
      ),
      { numRuns: 100 },
    )
  })

  /** A set of rows in pieces and single rows; whole words and whole blocks among them. */
  const aSet = fc.array(
    fc.record({
      from: fc.integer({ min: 0, max: 4200 }),
      count: fc.constantFrom(1, 1, 2, 31, 32, 33, 64, 1000, 1024, 2048, 5000),
    }),
    { maxLength: 12 },
  )

  it('survey the same rows and runs as a walk from run to run finds', () => {
    fc.assert(
      fc.property(
        aSet,
        fc.integer({ min: 1, max: 5000 }),
        fc.constantFrom(0, 1, 5, 30, 31, 32, 40, 1023, 2000, 2 ** 30 - 1),
        (pieces, rows, maxGap) => {
          for (const kind of ['auto', 'js'] as const) {
            const memory = new BumpMemory(2 ** 16, kind)
            memory.alloc(64) // where results are left
            const offset = memory.alloc(DirtyRows.bytesFor(rows)).offset
            const dirty = new DirtyRows(rows, { buffer: memory.buffer, offset })
            for (const { from, count } of pieces)
              if (from < rows) dirty.setRange(from, Math.min(count, rows - from))
            const { kernels } = memory
            const before = new Uint8Array(memory.buffer.slice(64))
            const found = kernels.survey(offset, dirty.summaryOffset, dirty.summary.length, maxGap)
            const wanted = { rows: dirty.count, runs: 0, span: 0, end: 0 }
            dirty.forEachRun(maxGap, (first, count) => {
              wanted.runs++
              wanted.span += count
              wanted.end = first + count
            })
            const [runs, span, end] = kernels.found
            expect({ rows: found, runs, span, end }).toEqual(wanted)
            expect(Buffer.compare(new Uint8Array(memory.buffer, 64), before)).toBe(0)
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  it('unite sets as the sets themselves do', () => {
    fc.assert(
      fc.property(
        aSet,
        aSet,
        fc.integer({ min: 1, max: 5000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (pieces, others, rows, share) => {
          for (const kind of ['auto', 'js'] as const) {
            const memory = new BumpMemory(2 ** 16, kind)
            const sets = [pieces, others, pieces, pieces].map((each, i) => {
              const offset = memory.alloc(DirtyRows.bytesFor(rows)).offset
              // The last one has kernels, and uses them by itself.
              const kernels = i === 3 ? memory.kernels : undefined
              const set = new DirtyRows(rows, { buffer: memory.buffer, offset, kernels })
              for (const { from, count } of each)
                if (from < rows) set.setRange(from, Math.min(count, rows - from))
              return set
            })
            const [set, other, wanted, own] = sets
            const end = Math.round(rows * share)
            wanted.or(other, end)
            memory.kernels.unite(set.offset, set.summaryOffset, other.offset, other.summaryOffset, end)
            own.or(other, end)
            for (const united of [set, own]) {
              expect(united.words).toEqual(wanted.words)
              expect(united.summary).toEqual(wanted.summary)
            }
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  it('find the same word that is not zero, from any word to any other', () => {
    const words = fc.array(fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, fc.integer()), {
      minLength: 1,
      maxLength: 200,
    })
    fc.assert(
      fc.property(words, fc.nat(), fc.nat(), (values, a, b) => {
        const end = b % (values.length + 1)
        const first = a % (end + 1)
        const found = values.findIndex((value, i) => value !== 0 && i >= first && i < end)
        for (const kind of ['auto', 'js'] as const) {
          const memory = new BumpMemory(2 ** 16, kind)
          const { offset } = memory.alloc(values.length * 4)
          new Int32Array(memory.buffer, offset).set(values)
          const at = memory.kernels.skipZeros(offset + first * 4, offset + end * 4)
          expect((at - offset) / 4).toBe(found < 0 ? end : found)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('walk over a set of many rows as a set without kernels does', () => {
    const rows = 300_000
    const few = fc.array(fc.record({ from: fc.nat(rows - 1), count: fc.integer({ min: 1, max: 2000 }) }), {
      maxLength: 6,
    })
    const runsOf = (set: DirtyRows): [number, number][] => {
      const runs: [number, number][] = []
      set.forEachRun(0, (first, count) => runs.push([first, count]))
      return runs
    }
    fc.assert(
      fc.property(few, (pieces) => {
        const plain = new DirtyRows(rows)
        for (const { from, count } of pieces) plain.setRange(from, Math.min(count, rows - from))
        for (const kind of ['auto', 'js'] as const) {
          const { kernels, buffer } = new BumpMemory(2 ** 17, kind)
          const set = new DirtyRows(rows, { buffer, offset: 64, kernels })
          for (const { from, count } of pieces) set.setRange(from, Math.min(count, rows - from))
          expect(runsOf(set)).toEqual(runsOf(plain))
          set.clear()
          expect(set.words.every((word) => word === 0) && set.isEmpty).toBe(true)
        }
      }),
      { numRuns: 100 },
    )
  })
})
