import { addComponent, addEntity, createRelation, createWorld, Not, Or } from 'bitecs'
import { f32, struct, type Struct } from '@memkit/core'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { createWorld as createKoota, Not as NotKoota, trait } from 'koota'
import { expect, it } from 'vitest'
import { attachMk, GpuSynced } from '../src/index.ts'
import { attachKoota } from '../src/koota.ts'

const floats = (): Float32Array => new Float32Array(8)
const gpu = (): MkGpu => new MkGpu(new DummyBackend())
const asks = (...words: string[]): object =>
  expect.objectContaining({
    code: 'InvalidOption',
    option: 'name',
    message: expect.stringMatching(words.join('.*')),
  })

it('asks for a name for a component without a label, which then names its struct', async () => {
  const mk = await attachMk(createWorld(), { gpu: gpu() })
  const buffer = mk.buffer(GpuSynced({ x: floats() }))
  expect(() => buffer.wgsl(0, 0)).toThrowError(asks('name', 'label'))
  expect(buffer.wgsl(0, 1, { name: 'position' })).toBe(
    'struct Position {\n  x: f32,\n}\n@group(0) @binding(1) var<storage, read> position: array<Position>;\n' +
      'fn positionRow(row: u32) -> Position {\n  return position[row];\n}\n',
  )
  expect(buffer.wgsl(0, 0, { name: 'Upper' })).toContain('struct UpperRow {')
  expect(buffer.wgsl(0, 0, { name: 'p', struct: 'Place' })).toContain('p: array<Place>;')
  const packed = mk.buffer(GpuSynced({ x: floats() }, { rows: 'packed' }))
  expect(() => packed.rowTable.wgsl(0, 0)).toThrowError(asks('label'))
  // One WGSL type has no struct to name.
  expect(() => mk.buffer(GpuSynced(floats())).wgsl(0, 0)).toThrowError(asks('label'))
  mk.dispose()
})

it('lets the first of two components keep their label, and asks for a name for the second', async () => {
  const mk = await attachMk(createWorld(), { gpu: gpu() })
  const first = mk.buffer(GpuSynced({ x: floats() }, { label: 'P' }))
  const second = mk.buffer(GpuSynced({ y: floats() }, { label: 'P' }))
  const lower = mk.buffer(GpuSynced(floats(), { label: 'p' }))
  expect(first.wgsl(0, 0)).toContain('struct P {')
  expect(() => second.wgsl(0, 1)).toThrowError(asks('also called P'))
  expect(() => lower.wgsl(0, 2)).toThrowError(asks('also called p'))
  const named = second.wgsl(0, 1, { name: 'q' })
  expect([named.includes('struct Q {'), named.includes('var<storage, read> q: array<Q>')]).toEqual([
    true,
    true,
  ])
  // Asked again, as after a lost device.
  expect(first.wgsl(0, 0)).toContain('struct P {')
  mk.dispose()
})

it('names a query by its label or those of its terms, never by a number', async () => {
  const world = createWorld()
  const mk = await attachMk(world, { gpu: gpu() })
  const [Place, Look, Hidden] = ['Place', 'Look', 'Hidden'].map((label) =>
    GpuSynced({ x: floats() }, { label }),
  )
  const Tag = {}
  const name = (terms: object[], options = {}): string | undefined =>
    /read> (\w+):/.exec(mk.query(terms, options).indices.wgsl(0, 0))?.[1]
  expect(name([Tag], { label: 'Shown' })).toBe('shown')
  expect(name([Place, Look])).toBe('placeLookList')
  expect(name([Place, Tag])).toBe('placeList')
  expect(name([Place, Not(Hidden)])).toBe('placeNotHiddenList')
  expect(name([Or(Place, Look), Not(Tag)])).toBe('placeOrLookList')
  expect(() => name([Tag])).toThrowError(asks('neither the query'))
  expect(() => name([createRelation()(addEntity(world)) as object])).toThrowError(asks('neither the query'))
  // A second list of the same name would be a second variable of that name.
  expect(() => name([Place, Look], { draw: { vertexCount: 3 } })).toThrowError(
    asks('placeLookList|PlaceLookList'),
  )
  mk.buffer(Place)
  expect(() => name([Tag], { label: 'Place' })).toThrowError(asks('also called Place'))
  mk.dispose()
})

it('frees a label when its query is disposed', async () => {
  const mk = await attachMk(createWorld(), { gpu: gpu() })
  const scene = mk.query([{}], { label: 'Shown' })
  const next = mk.query([{}], { label: 'Shown' })
  expect(() => next.indices.wgsl(0, 0)).toThrowError(asks('also called Shown'))
  scene.dispose()
  expect(next.indices.wgsl(0, 0)).toContain('shownHas')
  mk.dispose()
})

it('declares a list and its entities, and for a dispatch also the place of an invocation', async () => {
  const world = createWorld()
  const mk = await attachMk(world, { gpu: gpu() })
  const A = {}
  addComponent(world, addEntity(world), A)
  const list = '@group(1) @binding(2) var<storage, read> shown: array<u32>;\n'
  const has =
    'fn shownHas(i: u32) -> bool {\n  return i < arrayLength(&shown) && shown[i] != 0xffffffffu;\n}\n'
  const index =
    'fn shownIndex(id: vec3u, workgroups: vec3u) -> u32 {\n  return id.y * workgroups.x * 32u + id.x;\n}\n'
  expect(mk.query([A]).indices.wgsl(1, 2, { name: 'shown' })).toBe(list + has)
  const dispatched = mk.query([A], { label: 'Shown', dispatch: { workgroupSize: 32 } })
  expect(dispatched.indices.wgsl(1, 2)).toBe(list + has + index)
  expect(dispatched.dispatchArgs.wgsl(0, 3)).toBe(
    'struct ShownDispatch { workgroups: vec3u, count: u32 }\n' +
      '@group(0) @binding(3) var<storage, read> shownDispatch: ShownDispatch;\n',
  )
  expect(dispatched.dispatchArgs.wgsl(0, 3, { name: 'n' })).toContain('n: N;')
  mk.dispose()
})

it.each(['Target', 'Type', 'Pass', 'Distance', 'Step', 'Length', 'Storage', 'Read', 'Array', 'Vec4f'])(
  'asks for a name for a component %s, whose variable would be a WGSL keyword',
  async (label) => {
    const mk = await attachMk(createWorld(), { gpu: gpu() })
    const buffer = mk.buffer(GpuSynced({ x: floats() }, { label }))
    expect(() => buffer.wgsl(0, 0)).toThrowError(
      expect.objectContaining({
        code: 'InvalidIdentifier',
        of: 'variable',
        message: expect.stringContaining('`name`'),
      }),
    )
    expect(buffer.wgsl(0, 0, { name: 'things' })).toContain(`struct ${label} {`)
    mk.dispose()
  },
)

it.each(['vec3f', 'texture_2d', 'atomicAdd', 'storage', 'Self', 'NULL'])(
  'refuses the label %s when it is flagged, with an error that names the option',
  (label) => {
    expect(() => GpuSynced({ x: floats() }, { label })).toThrowError(
      expect.objectContaining({
        code: 'InvalidIdentifier',
        of: 'struct',
        message: expect.stringContaining('`label`'),
      }),
    )
  },
)

it('refuses a struct with the name of its variable', async () => {
  const mk = await attachMk(createWorld(), { gpu: gpu() })
  const schema: Struct = struct({ inner: struct({ x: f32.from('x') }, 'Inner') })
  const store: object = { x: floats() }
  const buffer = mk.buffer(GpuSynced(store, { label: 'outer', schema }))
  expect(() => buffer.wgsl(0, 0)).toThrowError(asks('struct'))
  expect(() => buffer.wgsl(0, 0, { name: 'Inner' })).toThrowError(asks('struct'))
  expect(buffer.wgsl(0, 0, { name: 'things' })).toContain('struct outer {')
  mk.dispose()
})

it('names queries of koota by their traits', async () => {
  const world = createKoota()
  const [A, B] = ['A', 'B'].map((label) => GpuSynced(trait({ x: 0 }), { label }))
  const mk = await attachKoota(world, { gpu: gpu() })
  expect(mk.query([A, NotKoota(B)]).indices.wgsl(0, 0)).toContain('aNotBListHas')
  mk.dispose()
  world.destroy()
})
