import { createApp, MkPlugin, Schedule, webGpuDevice } from '@memkit/ecs-plugin'
import {
  AdditiveBlending,
  AmbientLight,
  ConeGeometry,
  DirectionalLight,
  FogExp2,
  Mesh,
  MeshBasicNodeMaterial,
  MeshStandardNodeMaterial,
  PerspectiveCamera,
  PointLight,
  Scene,
  SphereGeometry,
  Sprite,
  SpriteNodeMaterial,
  WebGPURenderer,
} from 'three/webgpu'
import {
  color,
  cross,
  mix,
  normalize,
  positionLocal,
  screenUV,
  sin,
  time,
  uv,
  varying,
  vec2,
  vec3,
} from 'three/tsl'
import { StorageMesh } from '@memkit/three/webgpu'
import { examplePage } from '../support/page.ts'
import { fit } from '../support/fit.ts'
import { Place, School, Swim } from './fish.ts'

const page = examplePage()
const { canvas } = page

async function main(): Promise<void> {
  // Both use one device, and neither owns it.
  const device = await webGpuDevice()
  const renderer = new WebGPURenderer({ canvas, antialias: true, device })
  await renderer.init()

  const school = new School(3000)
  const app = createApp(school.world).addPlugin(new MkPlugin({ gpu: device }))
  await app.ready()

  const scene = new Scene()
  // Lighter above, as in water. The fog has the colour in the middle.
  scene.backgroundNode = mix(color(0x0d3a56), color(0x020a14), screenUV.y.smoothstep(0, 0.9))
  scene.fog = new FogExp2(0x06202f, 0.028)
  scene.add(new AmbientLight(0x4f7fa8, 1.4))
  const sun = new DirectionalLight(0xcfe8ff, 2.4)
  sun.position.set(3, 10, 4)
  scene.add(sun)
  const camera = new PerspectiveCamera(45, 1, 0.1, 120)

  // A fish is a cone that points along z. Shaders read the synced rows; the number of instances stays
  // on the device.
  const geometry = new ConeGeometry(0.42, 2.2, 6).rotateX(Math.PI / 2).scale(0.55, 1, 1)
  const fish = new MeshStandardNodeMaterial({ flatShading: true, roughness: 0.35, metalness: 0.35 })
  const shoal = new StorageMesh(renderer, app.mk, geometry, fish, { query: [Place, Swim] })
  const place = shoal.rows(Place).element<'vec4'>(shoal.entity)
  const swim = shoal.rows(Swim).element<'vec4'>(shoal.entity)

  const ahead = normalize(swim.xyz)
  const side = normalize(cross(vec3(0, 1, 0), ahead))
  const up = cross(ahead, side)
  const stroke = sin(time.mul(9).add(swim.w.mul(40)).sub(positionLocal.z.mul(1.6))).mul(0.16)
  const body = positionLocal.mul(place.w)
  fish.positionNode = place.xyz
    .add(side.mul(body.x.add(stroke.mul(place.w))))
    .add(up.mul(body.y))
    .add(ahead.mul(body.z))
  const tint = varying(swim.w)
  fish.colorNode = mix(
    mix(color(0xffb35c), color(0x5fd0e6), tint.smoothstep(0.15, 0.45)),
    color(0x3b6fd4),
    tint.smoothstep(0.55, 1),
  )
  scene.add(shoal)

  const lamp = new PointLight(0xffdca8, 220, 24)
  const bulb = new Mesh(
    new SphereGeometry(0.3, 24, 16),
    new MeshBasicNodeMaterial({ color: 0xfff3dc, fog: false }),
  )
  const glow = uv().distance(vec2(0.5)).mul(2).oneMinus().clamp().pow(3)
  const halo = new Sprite(
    new SpriteNodeMaterial({ blending: AdditiveBlending, depthWrite: false, fog: false, transparent: true }),
  )
  halo.material.colorNode = color(0xffc98a).mul(glow)
  halo.scale.setScalar(7)
  bulb.add(lamp, halo)
  scene.add(bulb)

  let elapsed = 0
  let frame = 0
  app
    .addSystem(Schedule.Update, () => school.swim(Math.min(app.time.delta, 1 / 20)))
    .addSystem(Schedule.Render, () => {
      fit(renderer, camera)
      elapsed += app.time.delta
      camera.position.set(Math.sin(elapsed * 0.08) * 25, 7, Math.cos(elapsed * 0.08) * 25)
      camera.lookAt(0, 0, 0)
      bulb.position.copy(school.light)
      renderer.render(scene, camera)
      page.showReport(app.mk.report, shoal.query.count)
      if (++frame >= page.frames) {
        app.stop()
        page.state('stopped')
      }
    })

  // Dispose of three first: it leaves the buffers to memkit.
  const letGo = (): Promise<void> => {
    shoal.dispose()
    return renderer.dispose()
  }
  globalThis.example = { app, components: [Place, Swim], letGo }
  page.state('running')
  app.run({ onError: (error) => page.fail(error) })

  // An edit reloads the page: free what this one holds.
  import.meta.hot?.dispose(async () => {
    await letGo()
    app.dispose()
    device.destroy()
  })
}

main().catch((error: unknown) => {
  page.fail(error)
  throw error
})
