import { createApp, MkPlugin, Schedule } from '@memkit/ecs-plugin'
import { SyncedMesh, threeGpu } from '@memkit/three'
import {
  BufferGeometry,
  Color,
  DoubleSide,
  Float32BufferAttribute,
  PerspectiveCamera,
  Scene,
  ShaderMaterial,
  WebGLRenderer,
} from 'three'
import { examplePage } from '../support/page.ts'
import { fit } from '../support/fit.ts'
import { Flock, Fly, Place, seen } from './flock.ts'

const page = examplePage()

/** Two wings along x, nose along −z; 0.7 metres. */
const bird = new BufferGeometry()
  .setAttribute(
    'position',
    new Float32BufferAttribute(
      [0, 0, -0.3, 0, 0, 0.2, 0.36, 0, 0.08, 0, 0, -0.3, -0.36, 0, 0.08, 0, 0, 0.2],
      3,
    ),
  )
  .setAttribute('wing', new Float32BufferAttribute([0, 0, 1, 0, 1, 0], 1))

const material = new ShaderMaterial({
  side: DoubleSide,
  uniforms: { time: { value: 0 } },
  vertexShader: `
    attribute vec3 place;
    attribute vec4 fly; // velocity, tint
    attribute float wing;
    uniform float time;
    varying float vTint;
    void main() {
      vec3 ahead = normalize(fly.xyz + vec3(1e-4, 0.0, 0.0));
      vec3 side = normalize(cross(ahead, vec3(0.0, 1.0, 0.0)));
      vec3 up = cross(side, ahead);
      float beat = sin(time * (11.0 + fly.w * 5.0) + fly.w * 40.0);
      vec3 at = place + side * position.x + up * wing * beat * 0.22 - ahead * position.z;
      vTint = fly.w * 0.6 + wing * (0.2 + 0.2 * beat);
      gl_Position = projectionMatrix * modelViewMatrix * vec4(at, 1.0);
    }`,
  fragmentShader: `
    varying float vTint;
    void main() {
      gl_FragColor = vec4(mix(vec3(0.42, 0.26, 0.45), vec3(1.0, 0.78, 0.5), vTint), 1.0);
    }`,
})

async function main(): Promise<void> {
  const renderer = new WebGLRenderer({ canvas: page.canvas, antialias: true })
  const flock = new Flock(5000)
  const app = createApp(flock.world).addPlugin(new MkPlugin({ gpu: threeGpu() }))
  await app.ready()

  const birds = new SyncedMesh(app.mk, bird, material, {
    query: seen,
    attributes: { place: Place, fly: Fly },
  })
  const scene = new Scene().add(birds)
  scene.background = new Color(0x241a38)
  const camera = new PerspectiveCamera(45, 1, 0.1, 200)
  camera.position.set(0, 3, 30)

  let frame = 0
  app
    .addSystem(Schedule.Update, () => flock.fly(Math.min(app.time.delta, 1 / 20)))
    .addSystem(Schedule.Render, () => {
      fit(renderer, camera)
      material.uniforms['time'].value = app.time.elapsed
      camera.lookAt(0, 5.5, 0)
      renderer.render(scene, camera)
      page.showReport(app.mk.report, birds.count)
      if (++frame >= page.frames) {
        app.stop()
        page.state('stopped')
      }
    })
  globalThis.example = { app, components: [Place, Fly] }
  page.state('running')
  app.run({ onError: (error) => page.fail(error) })

  import.meta.hot?.dispose(() => {
    app.dispose()
    birds.dispose()
    renderer.dispose()
  })
}

main().catch((error: unknown) => {
  page.fail(error)
  throw error
})
