import type { MkSync } from '@memkit/ecs-plugin'
import { SyncedInstances } from '@memkit/three'
import {
  Color,
  DirectionalLight,
  HemisphereLight,
  MeshStandardMaterial,
  PerspectiveCamera,
  Scene,
  SphereGeometry,
  WebGLRenderer,
} from 'three'
import { Look, Position } from './world.ts'

/** Makes all that draws. Call `draw` after each frame. */
export function createScene(mk: MkSync<object>, canvas: HTMLCanvasElement) {
  const renderer = new WebGLRenderer({ canvas, antialias: true })
  const camera = new PerspectiveCamera(45, 1, 0.1, 100)
  camera.position.z = 32

  // An instance for each entity of the query.
  const geometry = new SphereGeometry(1, 16, 12)
  const material = new MeshStandardMaterial({ roughness: 0.4 })
  const balls = new SyncedInstances(mk, geometry, material, {
    query: [Position, Look],
    position: Position,
    scale: [Look, 'size'],
    color: [Look, 'r', 'g', 'b'],
  })
  const sun = new DirectionalLight(0xffffff, 2.5)
  sun.position.set(4, 8, 10)
  const scene = new Scene().add(balls, sun, new HemisphereLight(0xbfd0ff, 0x332a22, 1.2))
  scene.background = new Color(0x0a0e1a)

  return {
    draw(): void {
      const { clientWidth: width, clientHeight: height } = canvas
      renderer.setPixelRatio(Math.min(devicePixelRatio, 2))
      renderer.setSize(width, height, false)
      camera.aspect = width / height
      camera.updateProjectionMatrix()
      renderer.render(scene, camera)
    },
    dispose(): void {
      balls.dispose()
      geometry.dispose()
      material.dispose()
      renderer.dispose()
    },
  }
}
