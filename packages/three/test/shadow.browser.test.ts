import { attachMk, GpuSynced, type MkSync } from '@memkit/ecs-plugin'
import { SyncedInstances, SyncedMesh, threeGpu } from '@memkit/three'
import { addComponent, addEntity, createWorld } from 'bitecs'
import {
  BoxGeometry,
  DirectionalLight,
  MeshBasicMaterial,
  MeshDepthMaterial,
  MeshLambertMaterial,
  Mesh,
  OrthographicCamera,
  PlaneGeometry,
  RGBADepthPacking,
  Scene,
  ShaderMaterial,
  WebGLRenderer,
  type Object3D,
} from 'three'
import { expect, it } from 'vitest'

const SIZE = 64

/** A world with one entity, at 10 above a floor and to the right of the middle. */
async function one() {
  const Place = GpuSynced({ x: new Float32Array(8), y: new Float32Array(8), z: new Float32Array(8) })
  const world = createWorld()
  const mk = await attachMk(world, { gpu: threeGpu(), components: [Place] })
  const e = addEntity(world)
  addComponent(world, e, Place)
  ;[Place.x[e], Place.y[e], Place.z[e]] = [16, 0, 10]
  return { mk, Place, e }
}

/** Looks down on the floor, with the light from the upper right. @returns how bright the floor is (lit 175, in shadow 0) at x, y from its middle */
function look(
  renderer: WebGLRenderer,
  drawn: Object3D,
  mk: MkSync<object>,
): (x: number, y: number) => number {
  const scene = new Scene().add(drawn)
  const floor = new Mesh(new PlaneGeometry(SIZE, SIZE), new MeshLambertMaterial({ color: 0xffffff }))
  floor.receiveShadow = true
  const sun = new DirectionalLight(0xffffff, 3)
  // Shadows fall 20 to the left: 2 for each unit of height.
  sun.position.set(80, 0, 40)
  sun.castShadow = true
  const { camera: view } = sun.shadow
  ;[view.left, view.right, view.bottom, view.top, view.far] = [-40, 40, -40, 40, 200]
  scene.add(floor, sun)
  const camera = new OrthographicCamera(-SIZE / 2, SIZE / 2, SIZE / 2, -SIZE / 2, 0.1, 100)
  camera.position.z = 50
  mk.beginFrame()
  mk.endFrame()
  renderer.render(scene, camera)
  const gl = renderer.getContext()
  return (x, y) => {
    const pixel = new Uint8Array(4)
    gl.readPixels(SIZE / 2 + x, SIZE / 2 + y, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel)
    return pixel[0]
  }
}

const newRenderer = (): WebGLRenderer => {
  const renderer = new WebGLRenderer({ antialias: false, preserveDrawingBuffer: true })
  renderer.setSize(SIZE, SIZE, false)
  renderer.shadowMap.enabled = true
  return renderer
}

const moved = '#include <begin_vertex>\n transformed += place;'

it('SyncedMesh casts the shadow of its instances, given a depth material that moves them', async () => {
  const { mk, Place, e } = await one()
  const renderer = newRenderer()
  const material = new ShaderMaterial({
    vertexShader: `attribute vec3 place;
      void main() { gl_Position = projectionMatrix * modelViewMatrix * vec4(position + place, 1.0); }`,
    fragmentShader: 'void main() { gl_FragColor = vec4(0.0, 1.0, 0.0, 1.0); }',
  })
  const mesh = new SyncedMesh(mk, new BoxGeometry(6, 6, 2), material, {
    query: [Place],
    attributes: { place: Place },
  })
  mesh.castShadow = true
  const depth = new MeshDepthMaterial({ depthPacking: RGBADepthPacking })
  depth.onBeforeCompile = (shader) => {
    shader.vertexShader = `attribute vec3 place;\n${shader.vertexShader.replace('#include <begin_vertex>', moved)}`
  }
  mesh.customDepthMaterial = depth
  let brightness = look(renderer, mesh, mk)
  expect(brightness(-4, 0)).toBeLessThan(100)
  expect([brightness(-4, 20), brightness(-24, 0)].every((each) => each > 150)).toBe(true)
  Place.x[e] = -4
  brightness = look(renderer, mesh, mk)
  expect(brightness(-24, 0)).toBeLessThan(100)
  expect(brightness(-4, 20)).toBeGreaterThan(150)
  mk.dispose()
  renderer.dispose()
})

it('SyncedInstances casts the shadow of its instances by itself', async () => {
  const { mk, Place, e } = await one()
  const renderer = newRenderer()
  const crowd = new SyncedInstances(mk, new BoxGeometry(6, 6, 2), new MeshBasicMaterial(), {
    query: [Place],
    position: Place,
  })
  crowd.castShadow = true
  let brightness = look(renderer, crowd, mk)
  expect(brightness(-4, 0)).toBeLessThan(100)
  expect(brightness(-24, 0)).toBeGreaterThan(150)
  Place.x[e] = -4
  brightness = look(renderer, crowd, mk)
  expect(brightness(-24, 0)).toBeLessThan(100)
  mk.dispose()
  renderer.dispose()
})
