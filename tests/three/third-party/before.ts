import { Not, query } from 'bitecs'
import { AdditiveBlending, InstancedBufferAttribute, InstancedMesh, Matrix4, ShaderMaterial } from 'three'
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
    vertexShader: `attribute float hue; varying float vHue;
      void main() { vHue = hue;
        gl_Position = projectionMatrix * modelViewMatrix * instanceMatrix * vec4(position, 1.0); }`,
    fragmentShader: `varying float vHue;
      void main() { gl_FragColor = vec4(vHue * 8.0, 4.0, 16.0, 255.0) / 255.0; }`,
  })
  const most = 20_000
  const hues = new InstancedBufferAttribute(new Float32Array(most), 1)
  const mesh = new InstancedMesh(quad.clone().setAttribute('hue', hues), material, most)
  mesh.frustumCulled = false
  scene.add(mesh)
  const matrix = new Matrix4()
  return function frame(): void {
    step()
    const living = query(world, [Position, Look, Not(Dead)])
    for (let i = 0; i < living.length; i++) {
      const e = living[i]
      matrix.makeScale(Look.size[e], Look.size[e], 1).setPosition(Position.x[e], Position.y[e], 0)
      mesh.setMatrixAt(i, matrix)
      hues.array[i] = Look.hue[e]
    }
    mesh.count = living.length
    mesh.instanceMatrix.needsUpdate = true
    hues.needsUpdate = true
  }
}
