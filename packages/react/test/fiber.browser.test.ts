import { attachMk, GpuSynced, type MkOptions, type MkSync } from '@memkit/ecs-plugin'
import { MkProvider } from '@memkit/react'
import { SyncedInstances, SyncedMesh, useMkFrame } from '@memkit/react/fiber'
import {
  threeGpu,
  type SyncedInstances as ThreeSyncedInstances,
  type SyncedMesh as ThreeSyncedMesh,
} from '@memkit/three'
import { Canvas, type RootState } from '@react-three/fiber'
import { addComponent, addEntity, createWorld, Not, query, removeEntity, type World } from 'bitecs'
import { createElement as h, createRef, StrictMode, type ReactNode, type Ref } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { MeshBasicMaterial, PlaneGeometry, RawShaderMaterial } from 'three'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

const SIZE = 32
const column = (): Float32Array => new Float32Array(2000)
const Position = GpuSynced({ x: column(), y: column() })
const Dead = {}
const living = [Position, Not(Dead)]

/** A pixel for each instance, counted from the lower left. */
const material = new RawShaderMaterial({
  vertexShader: `attribute vec3 position; attribute vec2 place;
    void main() { gl_Position = vec4((position.xy + place + 0.5) / ${SIZE / 2}.0 - 1.0, 0.0, 1.0); }`,
  fragmentShader: 'precision mediump float; void main() { gl_FragColor = vec4(1.0); }',
})
const quad = new PlaneGeometry(1, 1)

let root: Root
let host: HTMLElement
let made: MkSync<object>[]
let world: World
beforeEach(() => {
  made = []
  world = createWorld()
  host = document.createElement('div')
  host.style.cssText = `width: ${SIZE}px; height: ${SIZE}px`
  document.body.append(host)
  root = createRoot(host)
})
afterEach(() => {
  root.unmount()
  host.remove()
})

const options: MkOptions = { gpu: () => Promise.resolve(threeGpu()), components: [Position] }
async function attach(its: World, given: MkOptions): Promise<MkSync> {
  const mk = await attachMk(its, given)
  made.push(mk)
  return mk
}
const alive = (): number => made.filter(({ isDisposed }) => !isDisposed).length

function spawn(x: number, y: number): number {
  const e = addEntity(world)
  addComponent(world, e, Position)
  Position.x[e] = x
  Position.y[e] = y
  return e
}

interface SwarmProps {
  systems?: () => void
  mesh?: Ref<ThreeSyncedMesh>
}

function Swarm({ systems = () => {}, mesh }: SwarmProps): ReactNode {
  useMkFrame(systems)
  // The lists are other ones in every render.
  const lists = { query: [...living], attributes: { place: Position } }
  return h(SyncedMesh, { ...lists, geometry: quad, material, name: 'swarm', ref: mesh })
}

function provided(props: SwarmProps = {}): ReactNode {
  return h(MkProvider<World>, { world, attach, options }, h(Swarm, props))
}

/** A canvas, and a promise of the state of its scene. */
function canvas(children: ReactNode): { shown: ReactNode; state: Promise<RootState> } {
  let created: (state: RootState) => void
  const state = new Promise<RootState>((resolve) => (created = resolve))
  const gl = { antialias: false, preserveDrawingBuffer: true, alpha: true }
  const props = { gl, dpr: 1, flat: true, onCreated: (it: RootState) => created(it) }
  return { shown: h(Canvas, props, children), state }
}

/** Lit pixels, as `x,y`. */
function lit({ gl }: RootState): string[] {
  const context = gl.getContext()
  const pixels = new Uint8Array(SIZE * SIZE * 4)
  context.readPixels(0, 0, SIZE, SIZE, context.RGBA, context.UNSIGNED_BYTE, pixels)
  const found: string[] = []
  for (let i = 0; i < SIZE * SIZE; i++)
    if (pixels[4 * i] > 0) found.push(`${i % SIZE},${Math.floor(i / SIZE)}`)
  return found
}
const shows = (state: RootState, ...pixels: string[]): Promise<void> =>
  vi.waitFor(() => expect(lit(state)).toEqual(pixels))

it('draws what systems move, bear and kill', async () => {
  const first = spawn(3, 4)
  const second = spawn(5, 6)
  let systems = (): void => {}
  const mesh = createRef<ThreeSyncedMesh>()
  const { shown, state } = canvas(provided({ systems: () => systems(), mesh }))
  root.render(h(StrictMode, null, shown))
  const scene = await state
  await shows(scene, '3,4', '5,6')
  systems = () => void (Position.x[first] = 7)
  await shows(scene, '7,4', '5,6')
  systems = () => {}
  addComponent(world, second, Dead)
  await shows(scene, '7,4')
  expect(mesh.current?.name).toBe('swarm')
  expect(mesh.current?.entityOf(0)).toBe(first)
  removeEntity(world, first)
  await shows(scene)
})

it('makes its mesh once while the lists mean the same', async () => {
  spawn(1, 1)
  const seen = new Set<ThreeSyncedMesh | null>()
  const mesh: Ref<ThreeSyncedMesh> = (it) => void seen.add(it)
  const { shown, state } = canvas(provided({ mesh }))
  root.render(shown)
  const scene = await state
  await shows(scene, '1,1')
  for (let i = 0; i < 3; i++) {
    root.render(canvas(provided({ mesh })).shown)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  expect(seen.size).toBe(1)
})

it('leaves nothing after ten mounts in StrictMode', async () => {
  for (let i = 0; i < 10; i++) spawn(i, i)
  const memories = new Set<string>()
  const { shown, state } = canvas([])
  root.render(h(StrictMode, null, shown))
  const scene = await state
  const all = Array.from({ length: 10 }, (_, i) => `${i},${i}`)
  for (let mount = 0; mount < 10; mount++) {
    root.render(h(StrictMode, null, canvas(provided()).shown))
    await shows(scene, ...all)
    expect([alive(), scene.scene.children.length]).toEqual([1, 1])
    expect(made.at(-1)!.queries().length).toBe(1)
    root.render(h(StrictMode, null, canvas([]).shown))
    await vi.waitFor(() => expect(alive()).toBe(0))
    await shows(scene)
    expect(scene.scene.children.length).toBe(0)
    memories.add(JSON.stringify(scene.gl.info.memory))
  }
  expect([...memories]).toEqual([JSON.stringify({ geometries: 0, textures: 0 })])
  expect(made.flatMap(({ gpu }) => gpu.leaks())).toEqual([])
  expect(query(world, [Position]).length).toBe(10)
})

it('draws one world on two canvases, with the provider around both', async () => {
  spawn(2, 3)
  const frames = vi.fn()
  function Mesh(): ReactNode {
    return h(SyncedMesh, { query: living, attributes: { place: Position }, geometry: quad, material })
  }
  function Frames(): ReactNode {
    useMkFrame(frames)
    return null
  }
  const one = canvas([h(Frames, { key: 1 }), h(Mesh, { key: 2 })])
  const two = canvas(h(Mesh))
  const box = (key: number, child: ReactNode): ReactNode =>
    h('div', { key, style: { width: SIZE, height: SIZE } }, child)
  root.render(
    h(
      StrictMode,
      null,
      h(MkProvider<World>, { world, attach, options }, box(1, one.shown), box(2, two.shown)),
    ),
  )
  for (const state of [await one.state, await two.state]) await shows(state, '2,3')
  expect(alive()).toBe(1)
  root.render(null)
  await vi.waitFor(() => expect(alive()).toBe(0))
})

it('draws instances with a material of three, which are clicked', async () => {
  const e = spawn(16, 8)
  const basic = new MeshBasicMaterial()
  const clicked: number[] = []
  const crowd = createRef<ThreeSyncedInstances>()
  function Crowd(): ReactNode {
    useMkFrame(() => {})
    const onClick = (event: { instanceId?: number }): void =>
      void clicked.push(crowd.current!.entityOf(event.instanceId))
    return h(SyncedInstances, {
      ...{ query: [...living], position: Position, geometry: quad, material: basic },
      ...{ onClick, ref: crowd, name: 'crowd' },
    })
  }
  const world2d = { position: [SIZE / 2, SIZE / 2, 10], zoom: 1, near: 0.1, far: 100 } as const
  const gl = { antialias: false, preserveDrawingBuffer: true, alpha: true }
  let created: (state: RootState) => void
  const state = new Promise<RootState>((resolve) => (created = resolve))
  const shown = (child: ReactNode): ReactNode =>
    h(
      StrictMode,
      null,
      h(
        Canvas,
        {
          ...{ gl, dpr: 1, flat: true, orthographic: true, camera: world2d },
          onCreated: (it: RootState) => {
            it.camera.lookAt(SIZE / 2, SIZE / 2, 0)
            created(it)
          },
        },
        child,
      ),
    )
  root.render(shown(h(MkProvider<World>, { world, attach, options }, h(Crowd))))
  const scene = await state
  await vi.waitFor(() => expect(lit(scene).length).toBeGreaterThan(0))
  const { left, top } = scene.gl.domElement.getBoundingClientRect()
  const at = { clientX: left + 16, clientY: top + SIZE - 8, bubbles: true, pointerId: 1 }
  for (const type of ['pointerdown', 'pointerup'])
    scene.gl.domElement.dispatchEvent(new PointerEvent(type, at))
  scene.gl.domElement.dispatchEvent(new MouseEvent('click', at))
  await vi.waitFor(() => expect(clicked).toEqual([e]))
  root.render(shown(null))
  await vi.waitFor(() => expect(alive()).toBe(0))
  expect(scene.scene.children.length).toBe(0)
})

it('draws on WebGPURenderer, too', async () => {
  const { WebGPURenderer, MeshBasicNodeMaterial, RenderTarget } = await import('three/webgpu')
  spawn(20, 10)
  const basic = new MeshBasicNodeMaterial()
  function Crowd(): ReactNode {
    useMkFrame(() => {})
    return h(SyncedInstances, { query: living, position: Position, geometry: quad, material: basic })
  }
  let created: (state: RootState) => void
  const state = new Promise<RootState>((resolve) => (created = resolve))
  const gl = async (props: object): Promise<never> => {
    const renderer = new WebGPURenderer({ ...props, antialias: false })
    await renderer.init()
    return renderer as never
  }
  const camera = { position: [SIZE / 2, SIZE / 2, 10], zoom: 1, near: 0.1, far: 100 } as const
  const onCreated = (it: RootState): void => {
    it.camera.lookAt(SIZE / 2, SIZE / 2, 0)
    created(it)
  }
  const props = { gl, dpr: 1, flat: true, orthographic: true, camera, onCreated }
  root.render(
    h(StrictMode, null, h(Canvas, props, h(MkProvider<World>, { world, attach, options }, h(Crowd)))),
  )
  const { gl: renderer, scene, camera: eye } = await state
  const gpu = renderer as unknown as InstanceType<typeof WebGPURenderer>
  await vi.waitFor(() => expect(scene.children.length).toBe(1))
  const target = new RenderTarget(64, 64)
  await vi.waitFor(async () => {
    gpu.setRenderTarget(target)
    gpu.render(scene, eye)
    gpu.setRenderTarget(null)
    const pixels = await gpu.readRenderTargetPixelsAsync(target, 0, 0, 64, 64)
    // Twice as many pixels as units, from the top: x of 19.5 to 20.5, y of 9.5 to 10.5.
    const at = (x: number, y: number): number => pixels[(y * 64 + x) * 4]
    expect([at(39, 43), at(40, 44), at(36, 43), at(39, 40)]).toEqual([255, 255, 0, 0])
  })
})
