import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import { SyncedMesh, threeGpu } from '@memkit/three'
import { addComponent, addEntity, createWorld, Not, removeEntity } from 'bitecs'
import { OrthographicCamera, PlaneGeometry, RawShaderMaterial, Scene, WebGLRenderer } from 'three'
import { expect, it } from 'vitest'

const SIZE = 64
const column = (): Float32Array => new Float32Array(2000)

/** A pixel for each instance, at `place`, red where the hue says so. */
const material = (): RawShaderMaterial =>
  new RawShaderMaterial({
    vertexShader: `attribute vec3 position; attribute vec2 place; attribute float hue;
      uniform mat4 projectionMatrix, modelViewMatrix; varying float vHue;
      void main() { vHue = hue; gl_Position = projectionMatrix * modelViewMatrix * vec4(position.xy + place + 0.5, 0.0, 1.0); }`,
    fragmentShader: `precision mediump float; varying float vHue;
      void main() { gl_FragColor = vec4(vHue, 1.0, 0.0, 1.0); }`,
  })

async function game() {
  const Position = GpuSynced({ x: column(), y: column() })
  const Look = GpuSynced({ hue: column() }, { rows: 'packed' })
  const Dead = {}
  const world = createWorld()
  const mk = await attachMk(world, { gpu: threeGpu(), components: [Position, Look] })
  const mesh = new SyncedMesh(mk, new PlaneGeometry(1, 1), material(), {
    query: [Position, Look, Not(Dead)],
    attributes: { place: Position, hue: [Look, 'hue'] },
  })
  const scene = new Scene().add(mesh)
  const camera = new OrthographicCamera(0, SIZE, SIZE, 0, -1, 1)
  /** What the columns say: red by pixel of the living. */
  const alive = new Map<number, number>()
  const spawn = (x: number, y: number, hue: number): number => {
    const e = addEntity(world)
    addComponent(world, e, Position)
    addComponent(world, e, Look)
    ;[Position.x[e], Position.y[e], Look.hue[e]] = [x, y, hue]
    alive.set(e, hue)
    return e
  }
  /** Pixels that differ from what the columns say. */
  const differ = (renderer: WebGLRenderer): number => {
    renderer.render(scene, camera)
    const gl = renderer.getContext()
    const pixels = new Uint8Array(SIZE * SIZE * 4)
    gl.readPixels(0, 0, SIZE, SIZE, gl.RGBA, gl.UNSIGNED_BYTE, pixels)
    const wanted = new Uint8Array(SIZE * SIZE * 4)
    for (const [e, hue] of alive)
      wanted.set([hue * 255, 255, 0, 255], (Position.y[e] * SIZE + Position.x[e]) * 4)
    let count = 0
    for (let i = 0; i < pixels.length; i += 4)
      count += +(
        pixels[i] !== wanted[i] ||
        pixels[i + 1] !== wanted[i + 1] ||
        pixels[i + 3] !== wanted[i + 3]
      )
    return count
  }
  const frame = (): void => {
    mk.beginFrame()
    mk.endFrame()
  }
  return { world, mk, mesh, Position, Dead, alive, spawn, frame, differ }
}

const newRenderer = (): WebGLRenderer => {
  const renderer = new WebGLRenderer({ antialias: false, preserveDrawingBuffer: true, alpha: true })
  renderer.setSize(SIZE, SIZE, false)
  renderer.setClearColor(0, 0)
  return renderer
}

it('draws what the columns hold: born, moved, dead, hidden, grown', async () => {
  const { world, mk, mesh, Position, Dead, alive, spawn, frame, differ } = await game()
  const renderer = newRenderer()
  let spawned = 0
  const many = (count: number): void => {
    for (let i = 0; i < count; i++, spawned++) spawn(spawned % SIZE, (spawned / SIZE) | 0, spawned % 2)
  }
  frame()
  expect(differ(renderer)).toBe(0)
  // Past the 256 instances at the start, twice.
  for (const count of [100, 300, 600]) {
    many(count)
    frame()
    expect(differ(renderer)).toBe(0)
  }
  const [first, second, third] = alive.keys()
  Position.y[first] = SIZE - 1
  frame()
  expect(differ(renderer)).toBe(0)
  addComponent(world, second, Dead)
  removeEntity(world, third)
  alive.delete(second)
  alive.delete(third)
  frame()
  expect(differ(renderer)).toBe(0)
  spawn(SIZE - 1, SIZE - 1, 1)
  // Not drawn for a while.
  for (let i = 0; i < 20; i++) {
    Position.x[first] = i
    frame()
  }
  expect(differ(renderer)).toBe(0)
  mesh.dispose()
  alive.clear()
  expect(differ(renderer)).toBe(0)
  mk.dispose()
  renderer.dispose()
})

it('is there again after the context was lost', async () => {
  const { mk, spawn, frame, differ } = await game()
  const renderer = newRenderer()
  for (let i = 0; i < 100; i++) spawn(i % SIZE, (i / SIZE) | 0, 1)
  frame()
  expect(differ(renderer)).toBe(0)
  const canvas = renderer.domElement
  const restored = new Promise((resolve) => canvas.addEventListener('webglcontextrestored', resolve))
  const lost = new Promise((resolve) => canvas.addEventListener('webglcontextlost', resolve))
  renderer.forceContextLoss()
  await lost
  frame()
  await new Promise((resolve) => setTimeout(resolve))
  renderer.forceContextRestore()
  await restored
  frame()
  expect(differ(renderer)).toBe(0)
  mk.dispose()
  renderer.dispose()
})
