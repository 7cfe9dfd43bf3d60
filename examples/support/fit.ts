import type { PerspectiveCamera } from 'three'

/** As much of a renderer of three as is needed to fit it to its canvas. */
interface Fitted {
  readonly domElement: HTMLCanvasElement
  setPixelRatio(ratio: number): void
  setSize(width: number, height: number, updateStyle: boolean): void
}

/** Gives a renderer and its camera the size that the canvas has on the page. */
export function fit(renderer: Fitted, camera: PerspectiveCamera): void {
  const { domElement: canvas } = renderer
  const { clientWidth: width, clientHeight: height } = canvas
  const ratio = Math.min(devicePixelRatio, 2)
  if (canvas.width === Math.floor(width * ratio) && canvas.height === Math.floor(height * ratio)) return
  renderer.setPixelRatio(ratio)
  renderer.setSize(width, height, false)
  camera.aspect = width / height
  camera.updateProjectionMatrix()
}
