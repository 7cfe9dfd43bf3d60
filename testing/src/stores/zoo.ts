import { aos, soa } from 'bitecs'
import { defineComponent, Types } from 'bitecs/legacy'
import {
  array as arrayTag,
  f32 as f32Tag,
  i16 as i16Tag,
  ref as refTag,
  u8 as u8Tag,
} from 'bitecs/serialization'
import {
  array,
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
  vec2i,
  vec3f,
  vec4f,
  vec4u,
} from '@memkit/ecs-plugin'
import { EntryColumn, type TypedArray } from './columns.ts'
import type { ColumnSpec, Scalar, StoreSpec } from './store.ts'

type TypedKind = new (source: number | ArrayBuffer | SharedArrayBuffer) => TypedArray

function typed(name: string, Kind: unknown, as: Scalar, ...offsets: number[]): ColumnSpec {
  return { name, as, offsets, make: (slots) => new (Kind as TypedKind)(slots * offsets.length) }
}

function shared(name: string, Kind: unknown, as: Scalar, ...offsets: number[]): ColumnSpec {
  // Browsers have shared memory in isolated pages only.
  const Memory = typeof SharedArrayBuffer === 'undefined' ? ArrayBuffer : SharedArrayBuffer
  const make = (slots: number): object => {
    const { BYTES_PER_ELEMENT } = Kind as typeof Float32Array
    return new (Kind as TypedKind)(new Memory(slots * offsets.length * BYTES_PER_ELEMENT))
  }
  return { name, as, offsets, make }
}

/** @param brand puts a type tag on an array, or none */
function plain(
  name: string,
  brand: (array: number[]) => number[],
  as: Scalar,
  ...offsets: number[]
): ColumnSpec {
  return { name, as, offsets, make: () => brand([]) }
}

const untagged = (array: number[]): number[] => array

/** Numbers in an entry for each entity. @param ways with dots, from the entry to each number */
function entries(
  name: string,
  as: Scalar,
  ways: string[],
  entry: () => object,
  ...offsets: number[]
): ColumnSpec {
  const keys = ways.map((way) => way.split('.'))
  return { name, as, offsets, make: () => [], open: (made) => new EntryColumn(made as object[], keys, entry) }
}

/** `count` offsets from `first` on, side by side. */
const words = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => first + 4 * i)

/** Every shape of store that can be synced. */
export const storeSpecs: readonly StoreSpec[] = [
  {
    name: 'floats',
    schema: undefined,
    stride: 8,
    columns: [typed('x', Float32Array, 'f32', 0), typed('y', Float32Array, 'f32', 4)],
  },
  {
    name: 'kinds',
    schema: undefined,
    stride: 36,
    rowsOnly: true,
    columns: [
      typed('a', Float32Array, 'f32', 0),
      typed('b', Int32Array, 'i32', 4),
      typed('c', Uint32Array, 'u32', 8),
      typed('d', Uint8Array, 'u32', 12),
      typed('e', Float64Array, 'f32', 16),
      typed('f', Int16Array, 'i32', 20),
      typed('g', Uint16Array, 'u32', 24),
      typed('h', Int8Array, 'i32', 28),
      typed('i', Uint8ClampedArray, 'u32', 32),
    ],
  },
  {
    name: 'plain',
    schema: undefined,
    stride: 20,
    rowsOnly: true,
    columns: [
      plain('hp', untagged, 'f32', 0),
      plain('owner', refTag, 'u32', 4),
      plain('score', i16Tag, 'i32', 8),
      plain('small', u8Tag, 'u32', 12),
      plain('speed', f32Tag, 'f32', 16),
    ],
  },
  {
    name: 'plain and typed',
    schema: undefined,
    stride: 8,
    rowsOnly: true,
    columns: [plain('hp', untagged, 'f32', 0), typed('id', Uint32Array, 'u32', 4)],
  },
  {
    name: 'bare',
    schema: undefined,
    stride: 4,
    fixed: true,
    columns: [typed('', Float32Array, 'f32', 0)],
  },
  {
    name: 'bare vectors',
    schema: vec4f,
    stride: 16,
    fixed: true,
    columns: [typed('', Float32Array, 'f32', ...words(0, 4))],
  },
  {
    name: 'bare plain',
    schema: undefined,
    stride: 4,
    rowsOnly: true,
    fixed: true,
    columns: [plain('', u8Tag, 'u32', 0)],
  },
  {
    name: 'named',
    schema: struct({ pos: vec3f.from('x', 'y', 'z'), tag: u32 }),
    stride: 16,
    columns: [
      typed('z', Float32Array, 'f32', 8),
      typed('y', Float32Array, 'f32', 4),
      typed('x', Float32Array, 'f32', 0),
      typed('tag', Uint32Array, 'u32', 12),
    ],
  },
  {
    name: 'padded',
    schema: struct({ pos: vec2f.from('x', 'y'), tag: i32 }),
    stride: 16,
    columns: [
      typed('x', Float32Array, 'f32', 0),
      typed('y', Float32Array, 'f32', 4),
      typed('tag', Int32Array, 'i32', 8),
    ],
  },
  {
    name: 'matrices',
    schema: struct({ matrix: mat4x4f, tint: vec3f }),
    stride: 80,
    columns: [
      typed('matrix', Float32Array, 'f32', ...words(0, 16)),
      typed('tint', Float32Array, 'f32', ...words(64, 3)),
    ],
  },
  {
    name: 'three by three',
    schema: struct({ m: mat3x3f, id: u32 }),
    stride: 64,
    columns: [
      // Three columns of three, each at a multiple of 16.
      typed('m', Float32Array, 'f32', ...words(0, 3), ...words(16, 3), ...words(32, 3)),
      typed('id', Uint32Array, 'u32', 48),
    ],
  },
  {
    name: 'arrays',
    schema: struct({ weights: array(f32, 3), bone: u32 }),
    stride: 16,
    columns: [typed('weights', Float32Array, 'f32', ...words(0, 3)), typed('bone', Uint16Array, 'u32', 12)],
  },
  {
    name: 'shared',
    schema: undefined,
    stride: 12,
    rowsOnly: true,
    columns: [
      shared('x', Float32Array, 'f32', 0),
      shared('y', Float64Array, 'f32', 4),
      shared('n', Int32Array, 'i32', 8),
    ],
  },
  {
    name: 'halves',
    schema: struct({ uv: vec2h.from('u', 'v'), w: f16, id: u32 }),
    stride: 12,
    rowsOnly: true,
    columns: [
      typed('u', Float32Array, 'f16', 0),
      typed('v', Float64Array, 'f16', 2),
      typed('w', Float32Array, 'f16', 4),
      typed('id', Uint32Array, 'u32', 8),
    ],
  },
  {
    name: 'other kinds',
    // By value: a float column in fields of integers, an integer column in one of floats.
    schema: struct({ uv: vec2h, n: u32, m: i32, k: f32 }),
    stride: 16,
    rowsOnly: true,
    columns: [
      typed('uv', Float32Array, 'f16', 0, 2),
      typed('n', Float32Array, 'u32', 4),
      typed('m', Float32Array, 'i32', 8),
      typed('k', Uint32Array, 'f32', 12),
    ],
  },
  {
    name: 'one column in several fields',
    schema: struct({ a: f32.from('x'), b: f32.from('x'), c: vec2f.from('y', 'x') }),
    stride: 16,
    oneWay: true,
    columns: [{ ...typed('x', Float32Array, 'f32', 0), also: [4, 12] }, typed('y', Float32Array, 'f32', 8)],
  },
  {
    name: 'nested',
    schema: struct({ pos: vec2f.from('pos.x', 'pos.y'), m: vec2f.from('m.0', 'm.1') }),
    stride: 16,
    columns: [
      typed('pos.x', Float32Array, 'f32', 0),
      typed('pos.y', Float32Array, 'f32', 4),
      typed('m.0', Float32Array, 'f32', 8),
      typed('m.1', Float32Array, 'f32', 12),
    ],
    component: () => ({ pos: {}, m: [] }),
  },
  {
    name: 'legacy',
    schema: struct({
      m: vec4f.from('m.0', 'm.1', 'm.2', 'm.3'),
      pos: vec2f.from('pos.x', 'pos.y'),
      team: i32,
      hp: u32,
    }),
    stride: 32,
    columns: [
      ...[0, 1, 2, 3].map((k) => typed(`m.${k}`, Float32Array, 'f32', 4 * k)),
      typed('pos.x', Float32Array, 'f32', 16),
      typed('pos.y', Float32Array, 'f32', 20),
      typed('team', Int8Array, 'i32', 24),
      typed('hp', Uint16Array, 'u32', 28),
    ],
    component: (slots) =>
      defineComponent(
        { m: [Types.f32, 4], pos: { x: Types.f32, y: Types.f32 }, team: Types.i8, hp: Types.ui16 },
        slots,
      ),
  },
  {
    name: 'soa',
    // The type tags say it: f32 at 0, u32 at 4, i32 at 8.
    schema: undefined,
    stride: 12,
    rowsOnly: true,
    columns: [plain('x', f32Tag, 'f32', 0), plain('small', u8Tag, 'u32', 4), plain('n', i16Tag, 'i32', 8)],
    component: () => soa({ x: f32Tag(), small: u8Tag(), n: i16Tag() }),
  },
  {
    name: 'objects',
    schema: struct({ pos: vec2f.from('pos.x', 'pos.y'), n: u32 }),
    stride: 16,
    rowsOnly: true,
    fixed: true,
    oneWay: true,
    columns: [
      entries('', 'f32', ['pos.x'], () => ({ pos: {} }), 0),
      entries('', 'f32', ['pos.y'], () => ({ pos: {} }), 4),
      entries('', 'u32', ['n'], () => ({ pos: {} }), 8),
    ],
    component: () => [],
  },
  {
    name: 'tagged objects',
    // The type tags say it: f32 at 0, i32 at 4, u32 at 8.
    schema: undefined,
    stride: 12,
    rowsOnly: true,
    fixed: true,
    oneWay: true,
    columns: [
      entries('', 'f32', ['x'], () => ({}), 0),
      entries('', 'i32', ['n'], () => ({}), 4),
      entries('', 'u32', ['aim'], () => ({}), 8),
    ],
    component: () => aos({ x: f32Tag(), n: i16Tag(), aim: refTag() }),
  },
  {
    name: 'nested objects',
    // vec3f at 0, f32 at 12, mat3x3f at 16: three columns of 16 bytes.
    schema: struct({ pos: vec3f.from('pos.x', 'pos.y', 'pos.z'), mass: f32, turn: mat3x3f }),
    stride: 64,
    rowsOnly: true,
    fixed: true,
    oneWay: true,
    columns: [
      entries('', 'f32', ['pos.x', 'pos.y', 'pos.z', 'mass'], () => ({ pos: {}, turn: [] }), ...words(0, 4)),
      entries(
        '',
        'f32',
        Array.from({ length: 9 }, (_, k) => `turn.${k}`),
        () => ({ pos: {}, turn: [] }),
        ...words(16, 3),
        ...words(32, 3),
        ...words(48, 3),
      ),
    ],
    component: () => [],
  },
  {
    name: 'nested tagged objects',
    schema: struct({ pos: vec2f.from('pos.x', 'pos.y'), dir: vec3f, mass: f32 }),
    stride: 32,
    rowsOnly: true,
    fixed: true,
    oneWay: true,
    columns: [
      entries('', 'f32', ['pos.x', 'pos.y'], () => ({ pos: {}, dir: [] }), 0, 4),
      entries('', 'f32', ['dir.0', 'dir.1', 'dir.2', 'mass'], () => ({ pos: {}, dir: [] }), ...words(16, 4)),
    ],
    component: () => aos({ pos: { x: f32Tag(), y: f32Tag() }, dir: arrayTag(f32Tag), mass: f32Tag() }),
  },
  {
    name: 'objects in a column',
    schema: struct({ pos: vec2f.from('at.x', 'at.y') }),
    stride: 8,
    rowsOnly: true,
    fixed: true,
    oneWay: true,
    columns: [entries('at', 'f32', ['x', 'y'], () => ({}), 0, 4)],
  },
  {
    name: 'an array of small arrays',
    schema: vec2f,
    stride: 8,
    rowsOnly: true,
    fixed: true,
    oneWay: true,
    columns: [entries('', 'f32', ['0', '1'], () => [], 0, 4)],
  },
  {
    name: 'small arrays',
    schema: struct({ v: vec3f, w: vec2f }),
    stride: 32,
    rowsOnly: true,
    fixed: true,
    oneWay: true,
    columns: [
      entries('v', 'f32', ['0', '1', '2'], () => [], ...words(0, 3)),
      entries('w', 'f32', ['0', '1'], () => new Float32Array(2), ...words(16, 2)),
    ],
  },
  {
    name: 'rows',
    schema: undefined,
    stride: 16,
    rowsOnly: true,
    fixed: true,
    sealed: true,
    // Uploaded as they lie, padding and all.
    columns: [typed('u32', Uint32Array, 'u32', ...words(0, 4))],
    component: (slots) => createHeap({ bytes: 8 << 20 }).rows(struct({ pos: vec3f, n: u32 }), slots - 1),
  },
  {
    name: 'heap',
    schema: undefined,
    // The matrix is 48 bytes; 88 is rounded up to a multiple of 16.
    stride: 96,
    rowsOnly: true,
    columns: [
      typed('x', Float32Array, 'f32', 0),
      typed('pos', Float32Array, 'f32', ...words(16, 3)),
      typed('m', Float32Array, 'f32', ...words(32, 3), ...words(48, 3), ...words(64, 3)),
      typed('n', Uint32Array, 'u32', 80),
      typed('half', Float32Array, 'f16', 84),
    ],
    // Capacity is the highest id.
    component: (slots) =>
      createHeap({ bytes: 8 << 20 }).columns(
        { x: f32, pos: vec3f, m: mat3x3f, n: u32, half: f16 },
        slots - 1,
      ),
  },
  {
    name: 'small kinds',
    // vec4u at 16, then vec2i at 32; 44 is rounded up to a multiple of 16.
    schema: struct({ a: i32, b: u32, c: i32, d: u32, e: vec4u, f: vec2i, g: u32 }),
    stride: 48,
    columns: [
      typed('a', Int16Array, 'i32', 0),
      typed('b', Uint16Array, 'u32', 4),
      typed('c', Int8Array, 'i32', 8),
      typed('d', Uint8Array, 'u32', 12),
      typed('e', Uint8Array, 'u32', ...words(16, 4)),
      typed('f', Int16Array, 'i32', ...words(32, 2)),
      typed('g', Uint8ClampedArray, 'u32', 40),
    ],
  },
  {
    name: 'shared words and bytes',
    schema: undefined,
    stride: 12,
    columns: [
      shared('x', Float32Array, 'f32', 0),
      shared('n', Int32Array, 'i32', 4),
      shared('small', Uint8Array, 'u32', 8),
    ],
  },
  {
    name: 'heap of words',
    schema: undefined,
    stride: 80,
    columns: [
      typed('x', Float32Array, 'f32', 0),
      typed('pos', Float32Array, 'f32', ...words(16, 3)),
      typed('m', Float32Array, 'f32', ...words(32, 3), ...words(48, 3), ...words(64, 3)),
      typed('n', Uint32Array, 'u32', 28),
    ],
    component: (slots) =>
      createHeap({ bytes: 8 << 20 }).columns({ x: f32, pos: vec3f, n: u32, m: mat3x3f }, slots - 1),
  },
]
