import { MkGpu, NoBrowserDevice, WebGl2Backend, WebGpuBackend, webGpuDevice } from '@memkit/gpu'
import type { Settings } from '../settings.ts'
import { RowByRow } from './row-by-row.ts'

/** There is nothing to draw with. `advice` says what to do about it, in sentences. */
export class NoGraphics extends Error {
  readonly advice: readonly string[]

  constructor(message: string, advice: readonly string[]) {
    super(message)
    this.name = 'NoGraphics'
    this.advice = advice
  }
}

const browsers =
  'WebGPU is on by default in Chrome and Edge 113 or newer (121 on Android), in Safari 26 or newer, and in Firefox 141 or newer on Windows (145 on Macs with Apple chips). WebGL2, with which the game makes do, is in every browser of the last years.'
const acceleration =
  'Update the graphics driver, and switch hardware acceleration on in the browser’s settings.'
const linux =
  'Chrome on Linux has WebGPU with --enable-unsafe-webgpu --enable-features=Vulkan; without a graphics card, it draws in software with --use-webgpu-adapter=swiftshader.'
const secure = 'A page that was not loaded over https, or from http://localhost, has no WebGPU.'

/** Storage buffers that the vertex shader with most of them reads. */
const VERTEX_BUFFERS = 4

/** What the game draws with. */
export interface Graphics {
  readonly kind: 'webgpu' | 'webgl2'
  /** For `new MkPlugin({ gpu })`, which calls it again after a loss. */
  readonly gpu: () => Promise<MkGpu>
  /** Switches to one write per row. */
  readonly rowByRow: RowByRow
  /** Takes the device away, as a driver update does. */
  readonly lose: () => void
}

/**
 * WebGPU where there is any, else WebGL2.
 * @param onError called with what a WebGPU device has to say against a shader or a call
 * @throws NoGraphics
 */
export async function findGraphics(
  canvas: HTMLCanvasElement,
  backend: Settings['backend'],
  signal: AbortSignal,
  onError: (error: GPUError) => void,
): Promise<Graphics> {
  if (backend !== 'webgl2') {
    const device = await requestDevice()
    if (device !== undefined) return webGpu(device, signal, onError)
    if (backend === 'webgpu')
      throw new NoGraphics('The page was opened with ?backend=webgpu, but WebGPU is not available.', [
        browsers,
        acceleration,
        linux,
        secure,
      ])
  }
  const gl = canvas.getContext('webgl2', {
    alpha: false,
    antialias: false,
    powerPreference: 'high-performance',
  })
  if (gl === null)
    throw new NoGraphics('This browser has neither WebGPU nor WebGL2 for this page.', [
      browsers,
      acceleration,
      linux,
      secure,
    ])
  return webGl2(canvas, gl, signal)
}

/**
 * Undefined where there is no device, or where its vertex shaders can't read rows (compatibility
 * mode on an old driver).
 */
async function requestDevice(): Promise<GPUDevice | undefined> {
  try {
    const device = await webGpuDevice({ powerPreference: 'high-performance', label: 'Swarm' })
    const { maxStorageBuffersInVertexStage = 8 } = device.limits as {
      maxStorageBuffersInVertexStage?: number
    }
    if (maxStorageBuffersInVertexStage >= VERTEX_BUFFERS) return device
    device.destroy()
    return undefined
  } catch (error) {
    if (error instanceof NoBrowserDevice) return undefined
    throw error
  }
}

function webGpu(first: GPUDevice, signal: AbortSignal, onError: (error: GPUError) => void): Graphics {
  let next: GPUDevice | undefined = first
  let current = first
  // The first device exists before the plugin, which would destroy it.
  if (signal.aborted) first.destroy()
  signal.addEventListener('abort', () => current.destroy())
  const rowByRow = new RowByRow()
  return {
    kind: 'webgpu',
    rowByRow,
    gpu: async () => {
      const device = next ?? (await requestDevice())
      next = undefined
      if (device === undefined)
        throw new NoGraphics('The device was lost, and there is no other one.', [acceleration])
      current = device
      device.addEventListener('uncapturederror', ({ error }) => onError(error))
      return rowByRow.watch(new MkGpu(new WebGpuBackend(device, { owned: true })))
    },
    lose: () => current.destroy(),
  }
}

function webGl2(canvas: HTMLCanvasElement, gl: WebGL2RenderingContext, signal: AbortSignal): Graphics {
  // Without this, a lost context never comes back.
  canvas.addEventListener('webglcontextlost', (event) => event.preventDefault(), { signal })
  const rowByRow = new RowByRow()
  return {
    kind: 'webgl2',
    rowByRow,
    gpu: async () => {
      if (gl.isContextLost())
        await new Promise((resolve) =>
          canvas.addEventListener('webglcontextrestored', resolve, { once: true, signal }),
        )
      return rowByRow.watch(new MkGpu(new WebGl2Backend(gl)))
    },
    lose: () => {
      const switcher = gl.getExtension('WEBGL_lose_context')
      switcher?.loseContext()
      setTimeout(() => switcher?.restoreContext(), 600)
    },
  }
}
