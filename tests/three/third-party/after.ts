import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import { SyncedMesh, threeGpu } from '@memkit/three'
import { Not } from 'bitecs'
import { AdditiveBlending, ShaderMaterial } from 'three'
import type { PlaneGeometry, Scene } from 'three'
import type { Game } from './game.ts'

export async function createView(
  { world, Position, Look, Dead, step }: Game,
  scene: Scene,
  quad: PlaneGeometry,
) {
  const material = new ShaderMaterial({
    blending: AdditiveBlending,
    depthTest: false,
    vertexShader: `attribute float hue, size; attribute vec2 place; varying float vHue;
      void main() { vHue = hue;
        gl_Position = projectionMatrix * modelViewMatrix * vec4(position * size + vec3(place, 0.0), 1.0); }`,
    fragmentShader: `varying float vHue;
      void main() { gl_FragColor = vec4(vHue * 8.0, 4.0, 16.0, 255.0) / 255.0; }`,
  })
  const [place, look] = [GpuSynced(Position), GpuSynced(Look)]
  const mk = await attachMk(world, { gpu: threeGpu() })
  const mesh = new SyncedMesh(mk, quad, material, {
    query: [Position, Look, Not(Dead)],
    attributes: { place, hue: [look, 'hue'], size: [look, 'size'] },
  })
  scene.add(mesh)
  return function frame(): void {
    mk.beginFrame()
    step()
    mk.endFrame()
  }
}
