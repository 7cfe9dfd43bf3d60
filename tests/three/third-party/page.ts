// The same game, drawn as it was and with @memkit/three: pixels that differ at some frames.
import { Mesh, MeshBasicMaterial, OrthographicCamera, PlaneGeometry, Scene, WebGLRenderer } from 'three'
import { createView as createAfter } from './after.ts'
import { createView as createBefore } from './before.ts'
import { createGame } from './game.ts'

const SIZE = 128

/** One game in one way. @returns its pixels after a frame */
async function open(createView: typeof createBefore): Promise<(drawn: boolean) => Uint8Array> {
  const renderer = new WebGLRenderer({ antialias: false, preserveDrawingBuffer: true })
  renderer.setSize(SIZE, SIZE, false)
  const scene = new Scene()
  const quad = new PlaneGeometry(1, 1)
  // Shares the geometry.
  const beside = new Mesh(quad, new MeshBasicMaterial({ color: 0x00ff00 }))
  beside.position.set(64, 64, 0)
  beside.scale.setScalar(20)
  scene.add(beside)
  const camera = new OrthographicCamera(0, SIZE, SIZE, 0, -10, 10)
  const frame = await createView(createGame(), scene, quad)
  return (drawn) => {
    frame()
    const pixels = new Uint8Array(SIZE * SIZE * 4)
    if (!drawn) return pixels
    renderer.render(scene, camera)
    const gl = renderer.getContext()
    gl.readPixels(0, 0, SIZE, SIZE, gl.RGBA, gl.UNSIGNED_BYTE, pixels)
    return pixels
  }
}

interface Seen {
  readonly lit: number
  readonly differ: number
}

async function compare(frames: readonly number[]): Promise<Record<number, Seen>> {
  const [before, after] = [await open(createBefore), await open(createAfter)]
  const seen: Record<number, Seen> = {}
  for (let frame = 1; frame <= Math.max(...frames); frame++) {
    const isDrawn = frames.includes(frame)
    const [a, b] = [before(isDrawn), after(isDrawn)]
    if (!isDrawn) continue
    let [lit, differ] = [0, 0]
    for (let i = 0; i < a.length; i += 4) {
      lit += +(a[i + 1] > 0)
      differ += +[0, 1, 2].some((k) => a[i + k] !== b[i + k])
    }
    seen[frame] = { lit, differ }
  }
  return seen
}

declare global {
  var thirdParty: { readonly compare: typeof compare }
}
globalThis.thirdParty = { compare }
