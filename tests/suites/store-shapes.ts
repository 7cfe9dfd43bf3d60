import { defineComponent, Types } from 'bitecs/legacy'
import { aos, soa } from 'bitecs'
import {
  array as arrayTag,
  f32 as f32Array,
  f64 as f64Array,
  i16 as i16Array,
  i8 as i8Array,
  ref,
  u16 as u16Array,
  u8 as u8Array,
} from 'bitecs/serialization'
import {
  createHeap,
  f16,
  f32,
  i32,
  mat3x3f,
  mat4x4f,
  struct,
  u32,
  vec2f,
  vec2h,
  vec3f,
  vec4f,
} from '@memkit/ecs-plugin'
import { halfBits } from '@memkit/core'
import type { Schema } from '@memkit/ecs-plugin'

type Kind = 'f32' | 'i32' | 'u32' | 'f16'
/** Numbers of a row: which kind they are there, at which byte, and their value. */
type Cells = readonly (readonly [kind: Kind, offset: number, value: number])[]

/** A store that lives: made for ids 0 … slots − 1. */
interface LiveStore {
  readonly component: object
  readonly schema?: Schema
  /** Writes new values for an entity, and says what its row must be. */
  write(entity: number, random: () => number): Cells
  /** Replaces every column by one with that many slots, where the store can. */
  grow?(slots: number): void
}

export interface StoreShape {
  readonly name: string
  /** Bytes per row, worked out by hand. */
  readonly stride: number
  make(slots: number): LiveStore
}

type Columns = Record<string, Float32Array>

/** A longer column that begins with the same values. */
function longer<T extends { set(source: never): void }>(
  column: T,
  make: (length: number) => T,
  length: number,
): T {
  const bigger = make(length)
  bigger.set(column as never)
  return bigger
}

const floats = (length: number): Float32Array<ArrayBuffer> => new Float32Array(length)
const float = Math.fround
/** A float that is not exact in 32 bits, now and then a negative zero. */
const some = (random: () => number): number => (random() < 0.1 ? -0 : random() * 200 - 100)
const integer = (random: () => number, bits: number): number => Math.floor(random() * 2 ** bits)
const numbers = (random: () => number, count: number): number[] =>
  Array.from({ length: count }, () => float(some(random)))

/** Float columns by name that grow together, `arity` numbers an entity. */
function growing(component: Columns, arity: number): (slots: number) => void {
  return (slots) => {
    for (const name of Object.keys(component))
      component[name] = longer(component[name], floats, slots * arity)
  }
}

/** A matrix of `columns` columns of three numbers has a word of padding after each. */
const padded = (values: readonly number[], at: number): Cells =>
  values.map((value, i) => ['f32', at + Math.floor(i / 3) * 16 + (i % 3) * 4, value] as const)

const inRow = (values: readonly number[], at = 0): Cells =>
  values.map((value, i) => ['f32', at + i * 4, value] as const)

/**
 * The bytes of a row, as words. Numbers of another kind are converted as a typed array converts them: u32 from 2.75 is 2, from −1 it
 * is 2³² − 1; f32 and f16 take the nearest.
 */
export function rowWords(cells: Cells, stride: number): Uint32Array {
  const row = new DataView(new ArrayBuffer(stride))
  for (const [kind, offset, value] of cells) {
    if (kind === 'f32') row.setFloat32(offset, value, true)
    else if (kind === 'f16') row.setUint16(offset, halfBits(value), true)
    else row.setInt32(offset, value, true)
  }
  return new Uint32Array(row.buffer)
}

/** Every row of the table of stores in the surface, and the mixtures that have code of their own. */
export const storeShapes: readonly StoreShape[] = [
  {
    name: 'float columns',
    stride: 8,
    make(slots) {
      const component = { x: floats(slots), y: floats(slots) }
      return {
        component,
        grow: growing(component, 1),
        write(e, random) {
          const [x, y] = numbers(random, 2)
          component.x[e] = x
          component.y[e] = y
          return inRow([x, y])
        },
      }
    },
  },
  {
    name: 'columns of every typed-array kind',
    stride: 36,
    make(slots) {
      const kinds = [
        [Int8Array, 'i32', 8],
        [Int16Array, 'i32', 16],
        [Int32Array, 'i32', 32],
        [Uint8Array, 'u32', 8],
        [Uint8ClampedArray, 'u32', 8],
        [Uint16Array, 'u32', 16],
        [Uint32Array, 'u32', 32],
        [Float32Array, 'f32', 0],
        [Float64Array, 'f32', 0],
      ] as const
      const component: Record<string, Int8Array> = {}
      kinds.forEach(([Kind], i) => (component[`c${i}`] = new Kind(slots) as never))
      return {
        component,
        grow(slots) {
          kinds.forEach(([Kind], i) => {
            component[`c${i}`] = longer(component[`c${i}`], (n) => new Kind(n) as never, slots)
          })
        },
        write(e, random) {
          return kinds.map(([, kind, bits], i) => {
            const column = component[`c${i}`]
            column[e] = kind === 'f32' ? some(random) : integer(random, bits)
            return [kind, i * 4, column[e]]
          })
        },
      }
    },
  },
  {
    name: 'plain arrays, branded or not',
    stride: 20,
    make() {
      const component = {
        hp: [] as number[],
        signed: i16Array([]),
        small: u8Array([]),
        aim: ref([]),
        speed: f32Array([]),
      }
      return {
        component,
        write(e, random) {
          component.hp[e] = some(random)
          component.signed[e] = integer(random, 16) - 2 ** 15
          component.small[e] = integer(random, 8)
          component.aim[e] = integer(random, 32)
          component.speed[e] = some(random)
          return [
            ['f32', 0, component.hp[e]],
            ['i32', 4, component.signed[e]],
            ['u32', 8, component.small[e]],
            ['u32', 12, component.aim[e]],
            ['f32', 16, component.speed[e]],
          ]
        },
      }
    },
  },
  {
    name: 'a matrix per entity in one column',
    stride: 64,
    make(slots) {
      const component = { matrix: floats(slots * 16) }
      return {
        component,
        schema: struct({ matrix: mat4x4f }),
        grow: growing(component, 16),
        write(e, random) {
          const values = numbers(random, 16)
          component.matrix.set(values, e * 16)
          return inRow(values)
        },
      }
    },
  },
  {
    name: 'a padded matrix per entity in one column, beside a scalar',
    // mat3x3f is three columns of 16 bytes, then the scalar at 48, rounded up to the matrix's alignment of 16.
    stride: 64,
    make(slots) {
      const component = { m: floats(slots * 9), s: floats(slots) }
      return {
        component,
        schema: struct({ m: mat3x3f, s: f32 }),
        grow(slots) {
          component.m = longer(component.m, floats, slots * 9)
          component.s = longer(component.s, floats, slots)
        },
        write(e, random) {
          const values = numbers(random, 10)
          component.m.set(values.slice(0, 9), e * 9)
          component.s[e] = values[9]
          return [...padded(values.slice(0, 9), 0), ['f32', 48, values[9]]]
        },
      }
    },
  },
  {
    name: 'several columns in one field',
    stride: 16,
    make(slots) {
      const component = { z: floats(slots), y: floats(slots), x: floats(slots), w: floats(slots) }
      return {
        component,
        schema: struct({ pos: vec3f.from('x', 'y', 'z'), w: f32 }),
        grow: growing(component, 1),
        write(e, random) {
          const [x, y, z, w] = numbers(random, 4)
          component.x[e] = x
          component.y[e] = y
          component.z[e] = z
          component.w[e] = w
          return inRow([x, y, z, w])
        },
      }
    },
  },
  {
    name: 'small arrays by entity',
    stride: 32,
    make() {
      const component = { m: [] as number[][], tags: [] as number[][] }
      return {
        component,
        schema: struct({ m: vec4f, tags: vec2f }),
        write(e, random) {
          const values = numbers(random, 6)
          // Now and then the same array is written, now and then it is another one.
          const m = (component.m[e] ??= [])
          values.slice(0, 4).forEach((value, k) => (m[k] = value))
          component.tags[e] = values.slice(4)
          return inRow(values)
        },
      }
    },
  },
  {
    name: 'small typed arrays by entity',
    stride: 64,
    make() {
      const component = { m: [] as Float32Array[] }
      return {
        component,
        schema: struct({ m: mat4x4f }),
        write(e, random) {
          const values = numbers(random, 16)
          ;(component.m[e] ??= new Float32Array(16)).set(values)
          return inRow(values)
        },
      }
    },
  },
  {
    name: 'bitecs/legacy: an array of columns, by path',
    stride: 32,
    make(slots) {
      const component = defineComponent({ m: [Types.f32, 4], hp: Types.ui16 }, slots)
      return {
        component,
        schema: struct({ m: vec4f.from('m.0', 'm.1', 'm.2', 'm.3'), hp: u32 }),
        grow(slots) {
          component.m.forEach((column, k) => (component.m[k] = longer(column, floats, slots)))
          component.hp = longer(component.hp, (n) => new Uint16Array(n), slots)
        },
        write(e, random) {
          const values = numbers(random, 4)
          values.forEach((value, k) => (component.m[k][e] = value))
          component.hp[e] = integer(random, 16)
          return [...inRow(values), ['u32', 16, component.hp[e]]]
        },
      }
    },
  },
  {
    name: 'bitecs/legacy: nested columns, by path',
    stride: 16,
    make(slots) {
      const component = defineComponent({ pos: { x: Types.f32, y: Types.f32 }, team: Types.i8 }, slots)
      return {
        component,
        schema: struct({ pos: vec2f.from('pos.x', 'pos.y'), team: i32 }),
        grow(slots) {
          component.pos = {
            x: longer(component.pos.x, floats, slots),
            y: longer(component.pos.y, floats, slots),
          }
          component.team = longer(component.team, (n) => new Int8Array(n), slots)
        },
        write(e, random) {
          const [x, y] = numbers(random, 2)
          component.pos.x[e] = x
          component.pos.y[e] = y
          component.team[e] = integer(random, 8)
          return [...inRow([x, y]), ['i32', 8, component.team[e]]]
        },
      }
    },
  },
  {
    name: 'an array of objects',
    stride: 16,
    make() {
      const component: { x: number; y: number; id: number }[] = []
      return {
        component,
        schema: struct({ pos: vec2f.from('x', 'y'), id: u32 }),
        write(e, random) {
          const [x, y] = [some(random), some(random)]
          const id = integer(random, 32)
          if (random() < 0.5) component[e] = { x, y, id }
          else Object.assign((component[e] ??= { x: 0, y: 0, id: 0 }), { x, y, id })
          return [...inRow([x, y]), ['u32', 8, id]]
        },
      }
    },
  },
  {
    name: 'an array of nested objects, by path',
    // vec3f at 0, f32 at 12, mat3x3f at 16 (three columns of 16 bytes).
    stride: 64,
    make() {
      const component: { pos: { x: number; y: number; z: number }; mass: number; turn: number[] }[] = []
      return {
        component,
        schema: struct({ pos: vec3f.from('pos.x', 'pos.y', 'pos.z'), mass: f32, turn: mat3x3f }),
        write(e, random) {
          const [x, y, z, mass, ...turn] = numbers(random, 13)
          component[e] = { pos: { x, y, z }, mass, turn }
          return [...inRow([x, y, z, mass]), ...padded(turn, 16)]
        },
      }
    },
  },
  {
    name: 'objects in a column, by path',
    stride: 8,
    make() {
      const component = { at: [] as { x: number; y: number }[] }
      return {
        component,
        schema: struct({ pos: vec2f.from('at.x', 'at.y') }),
        write(e, random) {
          const [x, y] = numbers(random, 2)
          component.at[e] = { x, y }
          return inRow([x, y])
        },
      }
    },
  },
  {
    name: "bitECS's aos() with type tags",
    // In the order of the tags, 4 bytes each.
    stride: 20,
    make() {
      const component = aos({
        x: f32Array(),
        big: f64Array(),
        small: i8Array(),
        big2: u16Array(),
        aim: ref(),
      }) as {
        [field: string]: number
      }[]
      return {
        component,
        write(e, random) {
          const [x, big] = [some(random), some(random)]
          const [small, big2, aim] = [integer(random, 8) - 128, integer(random, 16), integer(random, 32)]
          if (random() < 0.5) component[e] = { x, big, small, big2, aim }
          else Object.assign((component[e] ??= {}), { x, big, small, big2, aim })
          return [
            ['f32', 0, x],
            ['f32', 4, big],
            ['i32', 8, small],
            ['u32', 12, big2],
            ['u32', 16, aim],
          ]
        },
      }
    },
  },
  {
    name: "bitECS's aos() with nested type tags, by path",
    // vec2f at 0, vec3f at 16, f32 at 28.
    stride: 32,
    make() {
      const component = aos({
        pos: { x: f32Array(), y: f32Array() },
        dir: arrayTag(f32Array),
        mass: f32Array(),
      }) as {
        pos: { x: number; y: number }
        dir: number[]
        mass: number
      }[]
      return {
        component,
        schema: struct({ pos: vec2f.from('pos.x', 'pos.y'), dir: vec3f, mass: f32 }),
        write(e, random) {
          const [x, y, mass, ...dir] = numbers(random, 6)
          component[e] = { pos: { x, y }, dir, mass }
          return [...inRow([x, y]), ...inRow(dir, 16), ['f32', 28, mass]]
        },
      }
    },
  },
  {
    name: "bitECS's soa() with type tags",
    stride: 12,
    make() {
      const component = soa({ x: f32Array(), small: u8Array(), signed: i16Array() })
      return {
        component,
        grow() {
          component.x = f32Array([...component.x])
          component.small = u8Array([...component.small])
          component.signed = i16Array([...component.signed])
        },
        write(e, random) {
          component.x[e] = some(random)
          component.small[e] = integer(random, 8)
          component.signed[e] = integer(random, 16) - 2 ** 15
          return [
            ['f32', 0, component.x[e]],
            ['u32', 4, component.small[e]],
            ['i32', 8, component.signed[e]],
          ]
        },
      }
    },
  },
  {
    name: 'one column in several fields',
    // f32 at 0, f32 at 4, vec2f at 8.
    stride: 16,
    make(slots) {
      const component = { x: floats(slots), y: floats(slots) }
      return {
        component,
        schema: struct({ a: f32.from('x'), b: f32.from('x'), c: vec2f.from('y', 'x') }),
        grow: growing(component, 1),
        write(e, random) {
          const [x, y] = numbers(random, 2)
          component.x[e] = x
          component.y[e] = y
          return inRow([x, x, y, x])
        },
      }
    },
  },
  {
    name: 'an array of small arrays as the component',
    stride: 8,
    make() {
      const component: [number, number][] = []
      return {
        component,
        schema: vec2f,
        write(e, random) {
          const [x, y] = numbers(random, 2)
          component[e] = [x, y]
          return inRow([x, y])
        },
      }
    },
  },
  {
    name: 'a bare column',
    stride: 4,
    make(slots) {
      const component = new Uint32Array(slots)
      return {
        component,
        write(e, random) {
          component[e] = integer(random, 32)
          return [['u32', 0, component[e]]]
        },
      }
    },
  },
  {
    name: 'a bare column of vectors',
    stride: 16,
    make(slots) {
      const component = floats(slots * 4)
      return {
        component,
        schema: vec4f,
        write(e, random) {
          const values = numbers(random, 4)
          component.set(values, e * 4)
          return inRow(values)
        },
      }
    },
  },
  {
    name: 'a bare plain array with a brand',
    stride: 4,
    make() {
      const component = u8Array([])
      return {
        component,
        write(e, random) {
          component[e] = integer(random, 8)
          return [['u32', 0, component[e]]]
        },
      }
    },
  },
  {
    name: 'heap.columns',
    // x at 0, pos at 16, m at 32 (48 bytes), id at 80, half at 84; rounded up to 16.
    stride: 96,
    make(slots) {
      const heap = createHeap({ bytes: 1 << 20 })
      const component = heap.columns({ x: f32, pos: vec3f, m: mat3x3f, id: u32, half: f16 }, slots - 1)
      return {
        component,
        grow(slots) {
          component.x = longer(component.x, floats, slots)
          component.pos = longer(component.pos, floats, slots * 3)
          component.m = longer(component.m, floats, slots * 9)
          component.id = longer(component.id, (n) => new Uint32Array(n), slots)
          component.half = longer(component.half, floats, slots)
        },
        write(e, random) {
          const values = numbers(random, 13)
          component.x[e] = values[0]
          component.pos.set(values.slice(1, 4), e * 3)
          component.m.set(values.slice(4), e * 9)
          component.id[e] = integer(random, 32)
          component.half[e] = some(random)
          return [
            ['f32', 0, values[0]],
            ...inRow(values.slice(1, 4), 16),
            ...padded(values.slice(4), 32),
            ['u32', 80, component.id[e]],
            ['f16', 84, component.half[e]],
          ]
        },
      }
    },
  },
  {
    name: 'heap.rows',
    // matrix at 0, mass at 64, id at 68, half at 72, uv (4 bytes, aligned to 4) at 76; 80 is a multiple of 16.
    stride: 80,
    make(slots) {
      const heap = createHeap({ bytes: 1 << 20 })
      const component = heap.rows(
        struct({ matrix: mat4x4f, mass: f32, id: u32, half: f16, uv: vec2h }),
        slots - 1,
      )
      return {
        component,
        write(e, random) {
          const values = numbers(random, 17)
          component.matrix(e).set(values.slice(0, 16))
          component.mass.set(e, values[16])
          const id = integer(random, 32)
          component.id.set(e, id)
          const half = some(random)
          component.half.set(e, half)
          component.uv(e)[1] = 0x3c00 // 1
          return [...inRow(values), ['u32', 68, id], ['f16', 72, half], ['f16', 76, 0], ['f16', 78, 1]]
        },
      }
    },
  },
  {
    name: 'columns in shared memory',
    stride: 12,
    make(slots) {
      // Browsers have shared memory in isolated pages only.
      const Memory = typeof SharedArrayBuffer === 'undefined' ? ArrayBuffer : SharedArrayBuffer
      const make = (length: number) => ({
        x: new Float32Array(new Memory(length * 4)),
        id: new Uint32Array(new Memory(length * 4)),
        small: new Int16Array(new Memory(length * 2)),
      })
      const component = make(slots)
      return {
        component,
        grow(slots) {
          const bigger = make(slots)
          bigger.x.set(component.x)
          bigger.id.set(component.id)
          bigger.small.set(component.small)
          Object.assign(component, bigger)
        },
        write(e, random) {
          component.x[e] = some(random)
          component.id[e] = integer(random, 32)
          component.small[e] = integer(random, 16)
          return [
            ['f32', 0, component.x[e]],
            ['u32', 4, component.id[e]],
            ['i32', 8, component.small[e]],
          ]
        },
      }
    },
  },
  {
    name: 'fields of another kind than their columns: by value',
    // vec2h is 4 bytes at 0, then u32, i32, f32.
    stride: 16,
    make(slots) {
      const component = {
        uv: floats(slots * 2),
        n: floats(slots),
        m: floats(slots),
        k: new Uint32Array(slots),
      }
      return {
        component,
        schema: struct({ uv: vec2h, n: u32, m: i32, k: f32 }),
        grow(slots) {
          component.uv = longer(component.uv, floats, slots * 2)
          component.n = longer(component.n, floats, slots)
          component.m = longer(component.m, floats, slots)
          component.k = longer(component.k, (n) => new Uint32Array(n), slots)
        },
        write(e, random) {
          const [u, v] = numbers(random, 2)
          component.uv.set([u, v], e * 2)
          component.n[e] = random() < 0.5 ? 2.75 : -1
          component.m[e] = some(random)
          component.k[e] = integer(random, 32)
          return [
            ['f16', 0, u],
            ['f16', 2, v],
            ['u32', 4, component.n[e]],
            ['i32', 8, component.m[e]],
            ['f32', 12, component.k[e]],
          ]
        },
      }
    },
  },
]
