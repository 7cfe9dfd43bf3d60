import { attachMk, GpuSynced, webGpuDevice, type MkSync } from '@memkit/ecs-plugin'
import { SyncedMesh, threeGpu } from '@memkit/three'
import { attributeNode, storageNode, StorageMesh } from '@memkit/three/webgpu'
import { addComponent, addEntity, createWorld, Not, removeEntity, type World } from 'bitecs'
import { positionLocal, uint, varying, vec3, vec4 } from 'three/tsl'
import {
  MeshBasicNodeMaterial,
  NoBlending,
  OrthographicCamera,
  PlaneGeometry,
  Scene,
  WebGPURenderer,
  type Mesh,
  type Node,
} from 'three/webgpu'
import { expect, it } from 'vitest'

const SIZE = 64
const column = (): Float32Array => new Float32Array(3000)

/** A world in which every entity is a pixel: at `Position`, red where `Look.hue` is 1, blue where `Look.kind` is. */
async function game(gpu: Parameters<typeof attachMk>[1]) {
  const Position = GpuSynced({ x: column(), y: column() })
  const Look = GpuSynced({ kind: new Uint32Array(3000), hue: column() })
  const Dead = {}
  const world: World = createWorld()
  const mk = await attachMk(world, { ...gpu, components: [Position, Look] })
  const alive = new Set<number>()
  const spawn = (x: number, y: number, hue: number, kind: number): number => {
    const e = addEntity(world)
    for (const component of [Position, Look]) addComponent(world, e, component)
    ;[Position.x[e], Position.y[e], Look.hue[e], Look.kind[e]] = [x, y, hue, kind]
    alive.add(e)
    return e
  }
  const wanted = (): Uint8Array => {
    const pixels = new Uint8Array(SIZE * SIZE * 4)
    for (const e of alive) {
      const at = ((SIZE - 1 - Position.y[e]) * SIZE + Position.x[e]) * 4
      pixels.set([Look.hue[e] * 255, 255, Look.kind[e] * 255, 255], at)
    }
    return pixels
  }
  const frame = (): void => {
    mk.beginFrame()
    mk.endFrame()
  }
  const terms = [Position, Look, Not(Dead)]
  return { world, mk, Position, Look, Dead, alive, spawn, wanted, frame, terms }
}
type Game = Awaited<ReturnType<typeof game>>

interface Nodes {
  place: Node<'vec2'>
  hue: Node<'float'>
  kind: Node<'uint'>
}

function materialOf({ place, hue, kind }: Nodes): MeshBasicNodeMaterial {
  const material = new MeshBasicNodeMaterial({ blending: NoBlending })
  material.positionNode = positionLocal.add(vec3(place, 0)).add(vec3(0.5, 0.5, 0))
  material.outputNode = vec4(varying(hue), 1, varying(kind.toFloat()), 1)
  return material
}

/** Draws a mesh. @returns how many pixels differ from what the columns say */
async function differ(renderer: WebGPURenderer, mesh: Mesh, wanted: Uint8Array): Promise<number> {
  const { RenderTarget, LinearSRGBColorSpace } = await import('three/webgpu')
  const target = new RenderTarget(SIZE, SIZE, { depthBuffer: false })
  const camera = new OrthographicCamera(0, SIZE, SIZE, 0, -1, 1)
  renderer.outputColorSpace = LinearSRGBColorSpace
  renderer.setClearColor(0, 0)
  renderer.setRenderTarget(target)
  renderer.render(new Scene().add(mesh), camera)
  const pixels = await renderer.readRenderTargetPixelsAsync(target, 0, 0, SIZE, SIZE)
  renderer.setRenderTarget(null)
  target.dispose()
  // Rows from the top, or from the bottom on WebGL.
  const isGl = (renderer.backend as { isWebGLBackend?: boolean }).isWebGLBackend === true
  let count = 0
  for (let i = 0; i < SIZE * SIZE; i++) {
    const row = Math.floor(i / SIZE)
    const j = isGl ? (SIZE - 1 - row) * SIZE + (i % SIZE) : i
    count += +[0, 1, 2, 3].some((k) => pixels[4 * i + k] !== wanted[4 * j + k])
  }
  return count
}

/** Bears, moves, hides and kills, and looks after each. */
async function play(it: Game, look: () => Promise<void>): Promise<void> {
  const { world, Position, Dead, alive, spawn, frame } = it
  let spawned = 0
  frame()
  await look()
  for (const count of [100, 300, 600, 1500]) {
    for (let i = 0; i < count; i++, spawned++)
      spawn(spawned % SIZE, (spawned / SIZE) | 0, spawned % 2, +(spawned % 3 === 0))
    frame()
    await look()
  }
  const [first, second, third] = alive
  Position.y[first] = SIZE - 1
  addComponent(world, second, Dead)
  removeEntity(world, third)
  alive.delete(second)
  alive.delete(third)
  frame()
  await look()
}

it.each([
  ['WebGPU', false],
  ['its fallback to WebGL', true],
] as const)('attributeNode draws what the columns hold, on %s', async (_, forceWebGL) => {
  const it = await game({ gpu: threeGpu() })
  const { mk, Position, Look, terms } = it
  const renderer = new WebGPURenderer({ antialias: false, forceWebGL })
  await renderer.init()
  const mesh = new SyncedMesh(mk, new PlaneGeometry(1, 1), new MeshBasicNodeMaterial(), {
    query: terms,
    attributes: { place: Position, hue: [Look, 'hue'], kind: [Look, 'kind'] },
  })
  mesh.material = materialOf({
    place: attributeNode<'vec2'>(mesh, 'place'),
    hue: attributeNode<'float'>(mesh, 'hue'),
    kind: attributeNode<'uint'>(mesh, 'kind'),
  })
  await play(it, async () => expect(await differ(renderer, mesh, it.wanted())).toBe(0))
  mesh.dispose()
  mk.dispose()
  await renderer.dispose()
})

async function shared() {
  const device = await webGpuDevice()
  const errors: string[] = []
  device.addEventListener('uncapturederror', ({ error }) => errors.push(error.message))
  const renderer = new WebGPURenderer({ antialias: false, device })
  await renderer.init()
  return { device, renderer, errors }
}

it.each([
  ['an indexed geometry', true],
  ['a geometry without index', false],
] as const)('StorageMesh draws from the synced buffers, with %s', async (_, indexed) => {
  const { device, renderer, errors } = await shared()
  const it = await game({ gpu: device })
  const { mk, Position, Look, terms } = it
  const plane = new PlaneGeometry(1, 1)
  const geometry = indexed ? plane : plane.toNonIndexed()
  const mesh = new StorageMesh(renderer, mk, geometry, new MeshBasicNodeMaterial(), { query: terms })
  const { entity } = mesh
  mesh.material = materialOf({
    place: mesh.rows(Position).element<'vec2'>(entity),
    hue: mesh.rows(Look).element<'float'>(entity, 'hue'),
    kind: mesh.rows(Look).element<'uint'>(entity, 'kind'),
  })
  await play(it, async () => expect(await differ(renderer, mesh, it.wanted())).toBe(0))
  expect(mk.buffer(Position).generation).toBeGreaterThan(1)
  mesh.dispose()
  mesh.dispose()
  expect(mk.queries()).toEqual([])
  await renderer.dispose()
  // The renderer destroyed none of memkit's.
  const rows = new Float32Array(await mk.buffer(Position).read())
  const [first] = it.alive
  expect(rows[2 * first + 1]).toBe(SIZE - 1)
  expect(errors).toEqual([])
  mk.dispose()
  device.destroy()
})

it('storageNode reads a row by its entity, in the material of any mesh', async () => {
  const { device, renderer, errors } = await shared()
  const it = await game({ gpu: device })
  const { mk, Position, Look, spawn, frame, wanted } = it
  const entity = spawn(5, 7, 1, 1)
  frame()
  const places = storageNode(renderer, mk, Position)
  const looks = storageNode(renderer, mk, Look)
  const { Mesh: PlainMesh } = await import('three/webgpu')
  const material = materialOf({
    place: places.element<'vec2'>(uint(entity), 'x', 'y'),
    hue: looks.element<'float'>(uint(entity), 'hue'),
    kind: looks.element<'uint'>(uint(entity), 'kind'),
  })
  const mesh = new PlainMesh(new PlaneGeometry(1, 1), material)
  mesh.frustumCulled = false
  expect(await differ(renderer, mesh, wanted())).toBe(0)
  Position.x[entity] = 60
  frame()
  expect(await differ(renderer, mesh, wanted())).toBe(0)
  places.dispose()
  looks.dispose()
  await renderer.dispose()
  expect(errors).toEqual([])
  mk.dispose()
  device.destroy()
})

it('refuses a renderer that is not on the device of the world, or not there yet', async () => {
  const { device, renderer } = await shared()
  const own = new WebGPURenderer({ antialias: false })
  const fallback = new WebGPURenderer({ antialias: false, forceWebGL: true })
  const early = new WebGPURenderer({ antialias: false })
  await own.init()
  await fallback.init()
  const [{ mk, Position }, other] = [await game({ gpu: device }), await game({ gpu: threeGpu() })]
  const reasonOf = (make: () => unknown): unknown => {
    try {
      make()
      return 'none'
    } catch (error) {
      const { code, reason } = error as { code: string; reason: string }
      return code === 'DeviceNotShared' ? reason : error
    }
  }
  const mesh = (of: WebGPURenderer, by: MkSync<object>): StorageMesh =>
    new StorageMesh(of, by, new PlaneGeometry(), new MeshBasicNodeMaterial(), { query: [{}] })
  expect(reasonOf(() => mesh(own, mk))).toMatch(/device of its own/)
  expect(reasonOf(() => mesh(fallback, mk))).toMatch(/isn’t on WebGPU/)
  expect(reasonOf(() => mesh(early, mk))).toMatch(/isn’t initialised/)
  expect(reasonOf(() => storageNode(own, mk, Position))).toMatch(/device of its own/)
  expect(reasonOf(() => mesh(renderer, other.mk))).toMatch(/the three backend/)
  expect([mk.queries(), other.mk.queries()]).toEqual([[], []])
  for (const each of [renderer, own, fallback]) await each.dispose()
  mk.dispose()
  other.mk.dispose()
  device.destroy()
})

it('lets go of a StorageMesh in silence when its device is lost', async () => {
  const { device, renderer } = await shared()
  const it = await game({ gpu: device })
  const { mk, Position, Look, terms, spawn, frame } = it
  const mesh = new StorageMesh(renderer, mk, new PlaneGeometry(1, 1), new MeshBasicNodeMaterial(), {
    query: terms,
  })
  mesh.material = materialOf({
    place: mesh.rows(Position).element<'vec2'>(mesh.entity),
    hue: mesh.rows(Look).element<'float'>(mesh.entity, 'hue'),
    kind: mesh.rows(Look).element<'uint'>(mesh.entity, 'kind'),
  })
  spawn(1, 1, 1, 1)
  frame()
  expect(await differ(renderer, mesh, it.wanted())).toBe(0)
  device.destroy()
  await device.lost
  frame()
  frame()
  mesh.dispose()
  mk.dispose()
  expect(mesh.parent).toBe(null)
})
