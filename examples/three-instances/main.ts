import { createApp, MkPlugin, Schedule } from '@memkit/ecs-plugin'
import { SyncedInstances, threeGpu } from '@memkit/three'
import {
  BoxGeometry,
  Color,
  DirectionalLight,
  HemisphereLight,
  Mesh,
  MeshStandardMaterial,
  PerspectiveCamera,
  PlaneGeometry,
  Raycaster,
  Scene,
  Vector2,
  WebGLRenderer,
} from 'three'
import { fit } from '../support/fit.ts'
import { examplePage } from '../support/page.ts'
import { Crates, Place, Size, Tint, Turn } from './crates.ts'

const page = examplePage()
const { canvas } = page

function setOfTheScene(scene: Scene): void {
  scene.background = new Color(0x131b26)
  scene.add(new HemisphereLight(0xbfd0ff, 0x8d7f70, 1.4))
  const sun = new DirectionalLight(0xffffff, 2.6)
  sun.position.set(8, 14, 6)
  sun.castShadow = true
  sun.shadow.mapSize.set(2048, 2048)
  const { camera } = sun.shadow
  ;[camera.left, camera.right, camera.bottom, camera.top] = [-13, 13, -13, 13]
  scene.add(sun)
  const floor = new Mesh(new PlaneGeometry(40, 40), new MeshStandardMaterial({ color: 0x3f4753 }))
  floor.rotation.x = -Math.PI / 2
  floor.receiveShadow = true
  scene.add(floor)
}

async function main(): Promise<void> {
  const renderer = new WebGLRenderer({ canvas, antialias: true })
  renderer.shadowMap.enabled = true
  const crates = new Crates(600)
  const app = createApp(crates.world).addPlugin(new MkPlugin({ gpu: threeGpu() }))
  await app.ready()

  const pile = new SyncedInstances(app.mk, new BoxGeometry(), new MeshStandardMaterial({ roughness: 0.7 }), {
    query: [Place, Turn, Size, Tint],
    position: Place,
    rotation: Turn,
    scale: Size,
    color: Tint,
  })
  pile.castShadow = pile.receiveShadow = true
  const scene = new Scene().add(pile)
  setOfTheScene(scene)
  const camera = new PerspectiveCamera(40, 1, 0.1, 100)
  camera.position.set(0, 9, 22)
  camera.lookAt(0, 1.5, 0)

  const raycaster = new Raycaster()
  let clicked = ''
  canvas.addEventListener('click', ({ offsetX, offsetY }) => {
    const { clientWidth, clientHeight } = canvas
    raycaster.setFromCamera(
      new Vector2((offsetX / clientWidth) * 2 - 1, 1 - (offsetY / clientHeight) * 2),
      camera,
    )
    const [hit] = raycaster.intersectObject(pile)
    if (hit === undefined) return crates.drop(50)
    const entity = pile.entityOf(hit.instanceId)
    crates.paint(entity, 255, 255, 255)
    clicked = `entity ${entity}`
  })

  let frame = 0
  app
    .addSystem(Schedule.Update, () => crates.hop(Math.min(app.time.delta, 1 / 20)))
    .addSystem(Schedule.Render, () => {
      fit(renderer, camera)
      renderer.render(scene, camera)
      page.showReport(app.mk.report, pile.count, clicked)
      if (++frame >= page.frames) {
        app.stop()
        page.state('stopped')
      }
    })
  globalThis.example = { app, components: [Place, Turn, Size] }
  page.state('running')
  app.run({ onError: (error) => page.fail(error) })

  import.meta.hot?.dispose(() => {
    app.dispose()
    pile.dispose()
    renderer.dispose()
  })
}

main().catch((error: unknown) => {
  page.fail(error)
  throw error
})
