import {
  attachMk,
  f16,
  f32,
  GpuSynced,
  InvalidOption,
  mat2x2f,
  NotGpuSynced,
  struct,
} from '@memkit/ecs-plugin'
import * as plugin from '@memkit/ecs-plugin'
import * as three from '@memkit/three'
import {
  AttributeNameTaken,
  FieldNotDrawable,
  MixedNumbers,
  NotAColumn,
  NotThreeGpu,
  SyncedInstances,
  SyncedMesh,
  threeGpu,
  TooManyAttributes,
  UnknownField,
  WrongNumberCount,
} from '@memkit/three'
import { describeBadInput, ownErrors } from '@memkit/testing/bad-input'
import { addComponent, addEntity, createWorld, Not, removeComponent, removeEntity } from 'bitecs'
import { BoxGeometry, MeshBasicMaterial, type InstancedBufferAttribute } from 'three'
import { expect, it } from 'vitest'

const column = (): Float32Array => new Float32Array(2000)

async function setUp(layout: 'rows' | 'columns' = 'rows') {
  const store = { x: column(), y: column() }
  const Position = layout === 'rows' ? GpuSynced(store) : GpuSynced(store, { layout: 'columns' })
  const Look = GpuSynced({ kind: new Uint8Array(2000), hue: column() }, { rows: 'packed' })
  const Half = GpuSynced({ v: column(), w: column() }, { schema: struct({ v: f16, w: f32 }) })
  const Many = GpuSynced({ a: column(), b: column(), c: column(), d: column(), e: column() })
  const Turn = GpuSynced({ m: new Float32Array(8000) }, { schema: struct({ m: mat2x2f }) })
  const Dead = {}
  const world = createWorld()
  const mk = await attachMk(world, { gpu: threeGpu(), components: [Position, Look, Half, Many, Turn] })
  const spawn = (): number => {
    const e = addEntity(world)
    for (const component of [Position, Look, Half]) addComponent(world, e, component)
    store.x[e] = e
    store.y[e] = -e
    Look.hue[e] = e / 2
    Look.kind[e] = e % 256
    Half.v[e] = e / 4
    return e
  }
  const frame = (): void => {
    mk.beginFrame()
    mk.endFrame()
  }
  const geometry = new BoxGeometry()
  const make = (attributes: Record<string, three.AttributeSource>): SyncedMesh =>
    new SyncedMesh(mk, geometry, new MeshBasicMaterial(), { query: [Position, Look, Not(Dead)], attributes })
  return { world, mk, store, Position, Look, Half, Many, Turn, Dead, spawn, frame, geometry, make }
}

/** What shaders see: by entity, the numbers of an attribute. */
function seen(mesh: SyncedMesh, name: string): Map<number, number[]> {
  const attribute = mesh.geometry.getAttribute(name) as InstancedBufferAttribute
  const rows = new Map<number, number[]>()
  for (let i = 0; i < mesh.geometry.instanceCount; i++)
    rows.set(mesh.entityOf(i), [
      ...attribute.array.slice(i * attribute.itemSize, (i + 1) * attribute.itemSize),
    ])
  return rows
}

it.each(['rows', 'columns'] as const)('shows the living with their values, in %s', async (layout) => {
  const { spawn, frame, make, store, Position, Look, Half, Dead, world } = await setUp(layout)
  const mesh = make({ place: Position, hue: [Look, 'hue'], kind: [Look, 'kind'], half: [Half, 'v'] })
  const alive = new Set<number>()
  const check = (): void => {
    const all = [...alive].sort((a, b) => a - b)
    const sorted = (name: string) => [...seen(mesh, name)].sort(([a], [b]) => a - b)
    expect(mesh.count).toBe(all.length)
    expect(sorted('place')).toEqual(all.map((e) => [e, [store.x[e], store.y[e]]]))
    expect(sorted('hue')).toEqual(all.map((e) => [e, [e / 2]]))
    expect(sorted('kind')).toEqual(all.map((e) => [e, [e % 256]]))
    expect(sorted('half')).toEqual(all.map((e) => [e, [e / 4]]))
  }
  frame()
  check()
  // Past the 256 instances at the start, twice.
  for (const count of [200, 100, 500]) {
    for (let i = 0; i < count; i++) alive.add(spawn())
    frame()
    check()
  }
  const list = [...alive]
  store.x[list[7]] = 99.5
  store.y[list[700]] = Number.NaN
  frame()
  check()
  removeEntity(world, list[3])
  addComponent(world, list[5], Dead)
  alive.delete(list[3])
  alive.delete(list[5])
  frame()
  check()
  removeComponent(world, list[5], Dead)
  alive.add(list[5])
  alive.add(spawn())
  frame()
  check()
})

it('tells three one range with all that waits', async () => {
  const { spawn, frame, make, store, Position } = await setUp()
  const entities = Array.from({ length: 100 }, spawn)
  const mesh = make({ place: Position })
  frame()
  const attribute = mesh.geometry.getAttribute('place') as InstancedBufferAttribute
  attribute.clearUpdateRanges()
  const { version } = attribute
  frame()
  expect([attribute.version, attribute.updateRanges]).toEqual([version, []])
  // Instances 10 and 20, two numbers each.
  for (const i of [20, 10]) {
    store.x[entities[i]] = -1
    frame()
  }
  expect(attribute.updateRanges).toEqual([{ start: 20, count: 22 }])
})

it('lets go of everything, also after its sync', async () => {
  const { mk, make, Position, geometry } = await setUp()
  const queries = mk.queries().length
  const mesh = make({ place: Position })
  expect(mesh.geometry).not.toBe(geometry)
  mesh.dispose()
  mesh.dispose()
  expect([mk.queries().length, mesh.entityOf(0)]).toEqual([queries, -1])
  const other = make({ place: Position })
  mk.dispose()
  other.dispose()
  expect(other.count).toBe(0)
})

it('refuses rows that a shader is to write', async () => {
  const world = createWorld()
  const Force = GpuSynced({ x: column() }, { direction: 'download' })
  const mk = attachMk(world, { gpu: threeGpu(), components: [Force] })
  await expect(mk).rejects.toMatchObject({ code: 'InvalidOption', option: 'direction' })
})

async function bench() {
  const all = await setUp()
  const { mk, spawn, frame, make, Position } = all
  spawn()
  const columns = (attributes: Record<string, three.AttributeSource>, instances = 'entity' as const) =>
    new SyncedMesh(mk, all.geometry, new MeshBasicMaterial(), { query: [Position], attributes, instances })
  return {
    ...all,
    columns,
    state: () => [mk.queries().length, mk.gpu.leaks().length],
    works() {
      const mesh = make({ place: Position })
      frame()
      expect(seen(mesh, 'place')).toEqual(new Map([[1, [1, -1]]]))
    },
    end: () => mk.dispose(),
  }
}

describeBadInput(
  ownErrors(three, plugin),
  bench,
  [
    [
      'a field that is not there',
      UnknownField,
      ({ make, Position }) => make({ a: [Position, 'z'] }),
      { fields: 'x, y' },
    ],
    ['a matrix', FieldNotDrawable, ({ make, Turn }) => make({ a: Turn }), { type: 'mat2x2f' }],
    ['five numbers', WrongNumberCount, ({ make, Many }) => make({ a: Many }), { numbers: 5 }],
    [
      'floats and integers',
      MixedNumbers,
      ({ make, Look }) => make({ a: Look }),
      { first: 'u32', second: 'f32' },
    ],
    ['a name of the geometry', AttributeNameTaken, ({ make, Position }) => make({ uv: Position })],
    ['a name with a blank', AttributeNameTaken, ({ make, Position }) => make({ 'a b': Position })],
    ['an unflagged component', NotGpuSynced, ({ make }) => make({ a: {} as never })],
    ['no component', InvalidOption, ({ make }) => make({ a: null as never })],
    [
      'seventeen attributes',
      TooManyAttributes,
      ({ make, Position }) =>
        make(Object.fromEntries(Array.from({ length: 14 }, (_, i) => [`a${i}`, Position]))),
      { requested: 17 },
    ],
    [
      'columns that are two',
      NotAColumn,
      ({ columns, Position }) => columns({ place: Position }),
      { attribute: 'place', reason: 'it lies in 2 columns' },
    ],
    [
      'a column of packed rows',
      NotAColumn,
      ({ columns, Look }) => columns({ hue: [Look, 'hue'] }),
      { reason: expect.stringContaining('packed rows') },
    ],
    [
      'a column that halves are made of',
      NotAColumn,
      ({ columns, Half }) => columns({ v: [Half, 'v'] }),
      { reason: "v isn't an array of f16, as attributes are" },
    ],
    [
      'an attribute that says who is alive',
      AttributeNameTaken,
      ({ columns, Position }) => columns({ alive: [Position, 'x'] }),
    ],
    [
      'another kind of instances',
      InvalidOption,
      ({ columns, Position }) => columns({ x: [Position, 'x'] }, 'all' as never),
      { option: 'instances' },
    ],
    [
      'one number for a position',
      WrongNumberCount,
      ({ mk, Position, geometry }) =>
        new SyncedInstances(mk, geometry, new MeshBasicMaterial(), {
          query: [Position],
          position: [Position, 'x'],
        }),
      { attribute: 'position', numbers: 1, allowed: '2, 3' },
    ],
    [
      'no position',
      InvalidOption,
      ({ mk, Position, geometry }) =>
        new SyncedInstances(mk, geometry, new MeshBasicMaterial(), { query: [Position] } as never),
      { option: 'position' },
    ],
    [
      'globals, which no shader of three binds',
      plugin.WrongBackend,
      ({ mk }) => mk.globals,
      { what: 'mk.globals', actual: 'three' },
    ],
    [
      'globals with fields',
      plugin.WrongBackend,
      ({ mk }) => mk.globalsWith({ wind: plugin.vec2f }),
      { actual: 'three' },
    ],
    [
      'another backend',
      NotThreeGpu,
      async () => {
        const gpu = new (await import('@memkit/gpu')).MkGpu(new (await import('@memkit/gpu')).DummyBackend())
        const mk = await attachMk(createWorld(), { gpu })
        return new SyncedMesh(mk, new BoxGeometry(), new MeshBasicMaterial(), { query: [{}] })
      },
      { backend: 'dummy' },
    ],
  ],
  {},
)
