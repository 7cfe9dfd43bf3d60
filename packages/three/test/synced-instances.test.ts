import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import { SyncedInstances, threeGpu, type SyncedInstancesOptions } from '@memkit/three'
import { addComponent, addEntity, createWorld, Not, removeEntity } from 'bitecs'
import { BoxGeometry, Matrix4, Mesh, MeshBasicMaterial, Quaternion, Raycaster, Sphere, Vector3 } from 'three'
import { expect, it } from 'vitest'

const column = (): Float32Array => new Float32Array(2000)
const bytes = (): Uint8Array => new Uint8Array(2000)

async function setUp() {
  const Position = GpuSynced({ x: column(), y: column(), z: column() })
  const Turn = GpuSynced({ x: column(), y: column(), z: column(), w: column() }, { rows: 'packed' })
  const Size = GpuSynced({ x: column(), y: column(), z: column() })
  const Angle = GpuSynced({ a: column() })
  const Tint = GpuSynced({ r: column(), g: column(), b: column() })
  const Bytes = GpuSynced({ r: bytes(), g: bytes(), b: bytes() })
  const Dead = {}
  const components = [Position, Turn, Size, Angle, Tint, Bytes]
  const world = createWorld()
  const mk = await attachMk(world, { gpu: threeGpu(), components })
  const spawn = (): number => {
    const e = addEntity(world)
    for (const component of components) addComponent(world, e, component)
    ;[Position.x[e], Position.y[e], Position.z[e]] = [e, -e, e / 2]
    const turned = new Quaternion().setFromAxisAngle(new Vector3(1, 2, 3).normalize(), e / 10)
    ;[Turn.x[e], Turn.y[e], Turn.z[e], Turn.w[e]] = turned.toArray()
    ;[Size.x[e], Size.y[e], Size.z[e]] = [1 + e / 7, 2, 0.5]
    Angle.a[e] = e / 3
    ;[Tint.r[e], Tint.g[e], Tint.b[e]] = [e / 1000, 0.5, 1]
    ;[Bytes.r[e], Bytes.g[e], Bytes.b[e]] = [e % 256, 51, 255]
    return e
  }
  const frame = (): void => {
    mk.beginFrame()
    mk.endFrame()
  }
  const query = [Position, Turn, Size, Angle, Tint, Bytes, Not(Dead)]
  const geometry = new BoxGeometry()
  const make = (options: Omit<SyncedInstancesOptions, 'query'>): SyncedInstances =>
    new SyncedInstances(mk, geometry, new MeshBasicMaterial(), { query, ...options })
  return { world, mk, Position, Turn, Size, Angle, Tint, Bytes, Dead, spawn, frame, make, geometry }
}
type SetUp = Awaited<ReturnType<typeof setUp>>

/** The matrix of an entity, as three composes it. */
const composed = {
  position: ({ Position: P }: SetUp, e: number) => new Matrix4().makeTranslation(P.x[e], P.y[e], P.z[e]),
  free: ({ Position: P, Turn: T, Size: S }: SetUp, e: number) =>
    new Matrix4().compose(
      new Vector3(P.x[e], P.y[e], P.z[e]),
      new Quaternion(T.x[e], T.y[e], T.z[e], T.w[e]),
      new Vector3(S.x[e], S.y[e], S.z[e]),
    ),
  flat: ({ Position: P, Angle: A, Size: S }: SetUp, e: number) =>
    new Matrix4().compose(
      new Vector3(P.x[e], P.y[e], 0),
      new Quaternion().setFromAxisAngle(new Vector3(0, 0, 1), A.a[e]),
      new Vector3(S.x[e], S.y[e], 1),
    ),
}

const ways: [string, (all: SetUp) => Omit<SyncedInstancesOptions, 'query'>, keyof typeof composed][] = [
  ['a position', ({ Position }) => ({ position: Position }), 'position'],
  [
    'position, quaternion, scale',
    ({ Position, Turn, Size }) => ({ position: Position, rotation: Turn, scale: Size }),
    'free',
  ],
  [
    'two dimensions',
    ({ Position, Angle, Size }) => ({
      position: [Position, 'x', 'y'],
      rotation: Angle,
      scale: [Size, 'x', 'y'],
    }),
    'flat',
  ],
]

it.each(ways)('has the matrices that three composes of %s', async (_, options, matrixOf) => {
  const all = await setUp()
  const { world, Position, Turn, Size, Angle, Dead, spawn, frame, make } = all
  const crowd = make(options(all))
  const alive = new Set<number>()
  const check = (): void => {
    expect(crowd.count).toBe(alive.size)
    expect(crowd.mesh.visible).toBe(alive.size > 0)
    expect(crowd.children).toEqual([crowd.mesh])
    const seen = new Set<number>()
    const matrix = new Matrix4()
    for (let i = 0; i < crowd.count; i++) {
      const e = crowd.entityOf(i)
      seen.add(e)
      crowd.mesh.getMatrixAt(i, matrix)
      const wanted = composed[matrixOf](all, e)
      for (let k = 0; k < 16; k++) expect(matrix.elements[k], `${e}, ${k}`).toBeCloseTo(wanted.elements[k], 4)
    }
    expect(seen).toEqual(alive)
  }
  frame()
  check()
  for (const count of [200, 100, 500]) {
    for (let i = 0; i < count; i++) alive.add(spawn())
    frame()
    check()
  }
  const list = [...alive]
  Position.x[list[7]] = 99.5
  Turn.x[list[8]] = 0.25
  Size.y[list[9]] = 3
  Angle.a[list[10]] = 2
  frame()
  check()
  removeEntity(world, list[3])
  addComponent(world, list[5], Dead)
  alive.delete(list[3])
  alive.delete(list[5])
  frame()
  check()
  alive.add(spawn())
  frame()
  check()
})

it.each([
  ['floats', 'Tint', (e: number) => [Math.fround(e / 1000), 0.5, 1]],
  ['bytes', 'Bytes', (e: number) => [Math.fround((e % 256) / 255), Math.fround(0.2), 1]],
] as const)('has colours from %s', async (_, name, wanted) => {
  const all = await setUp()
  const crowd = all.make({ position: all.Position, color: all[name] })
  for (let i = 0; i < 300; i++) all.spawn()
  all.frame()
  const { array } = crowd.mesh.instanceColor!
  for (let i = 0; i < 300; i++) expect([...array.slice(3 * i, 3 * i + 3)]).toEqual(wanted(crowd.entityOf(i)))
})

it('converts positions of whole numbers', async () => {
  const Cell = GpuSynced({ x: new Int32Array(400), y: new Int32Array(400), z: new Int32Array(400) })
  const world = createWorld()
  const mk = await attachMk(world, { gpu: threeGpu(), components: [Cell] })
  const crowd = new SyncedInstances(mk, new BoxGeometry(), new MeshBasicMaterial(), {
    query: [Cell],
    position: Cell,
  })
  for (let i = 0; i < 300; i++) {
    const e = addEntity(world)
    addComponent(world, e, Cell)
    ;[Cell.x[e], Cell.y[e], Cell.z[e]] = [-e, 1, e]
  }
  mk.beginFrame()
  mk.endFrame()
  const matrix = new Matrix4()
  expect(crowd.count).toBe(300)
  for (let i = 0; i < 300; i++) {
    const e = crowd.entityOf(i)
    crowd.mesh.getMatrixAt(i, matrix)
    expect(matrix.elements).toEqual(new Matrix4().makeTranslation(-e, 1, e).elements)
  }
  mk.dispose()
})

it('uploads only what changed', async () => {
  const { spawn, frame, make, Position, Tint, Size } = await setUp()
  const entities = Array.from({ length: 100 }, spawn)
  const { mesh } = make({ position: Position, color: Tint, scale: Size })
  frame()
  const { instanceMatrix, instanceColor } = mesh
  const versions = (): number[] => [instanceMatrix.version, instanceColor!.version]
  instanceMatrix.clearUpdateRanges()
  const before = versions()
  frame()
  expect(versions()).toEqual(before)
  Position.x[entities[20]] = -1
  frame()
  expect(instanceMatrix.updateRanges).toEqual([{ start: 20 * 16, count: 16 }])
  expect(versions()).toEqual([before[0] + 1, before[1]])
  Tint.r[entities[3]] = 0.75
  frame()
  expect(versions()).toEqual([before[0] + 1, before[1] + 1])
})

it('is hit by a ray where its instances are now', async () => {
  const { spawn, frame, make, Position } = await setUp()
  const entities = Array.from({ length: 10 }, spawn)
  const crowd = make({ position: Position })
  const hits = (x: number, y: number): number[] => {
    const ray = new Raycaster(new Vector3(x, y, 100), new Vector3(0, 0, -1))
    return ray.intersectObject(crowd).map(({ instanceId }) => crowd.entityOf(instanceId))
  }
  frame()
  expect(new Set(hits(4, -4))).toEqual(new Set([entities[3]]))
  Position.x[entities[3]] = 500
  frame()
  expect(hits(4, -4)).toEqual([])
  expect(new Set(hits(500, -4))).toEqual(new Set([entities[3]]))
})

it('hands shadows, layers and bounds to its mesh, also when another one takes its place', async () => {
  const { spawn, frame, make, Position } = await setUp()
  const bounds = new Sphere(new Vector3(), 1000)
  const crowd = make({ position: Position, bounds })
  const before = crowd.mesh
  crowd.castShadow = crowd.receiveShadow = true
  crowd.renderOrder = 3
  crowd.layers.set(2)
  for (let i = 0; i < 300; i++) spawn()
  frame()
  crowd.updateMatrixWorld()
  const { mesh } = crowd
  expect(mesh).not.toBe(before)
  expect(mesh).toMatchObject({ castShadow: true, receiveShadow: true, renderOrder: 3, frustumCulled: true })
  expect([mesh.layers.mask, mesh.boundingSphere]).toEqual([4, bounds])
})

it('lets go of everything, also after its sync, and of nothing that is shared', async () => {
  const { mk, make, Position, geometry } = await setUp()
  let isDisposed = false
  geometry.addEventListener('dispose', () => (isDisposed = true))
  const queries = mk.queries().length
  const crowd = make({ position: Position })
  const parent = new Mesh().add(crowd)
  crowd.dispose()
  crowd.dispose()
  expect([mk.queries().length, crowd.entityOf(0), parent.children, isDisposed]).toEqual([
    queries,
    -1,
    [],
    false,
  ])
  const other = make({ position: Position })
  mk.dispose()
  other.dispose()
})
