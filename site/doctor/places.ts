import { MkGpu, WebGl2Backend, WebGpuBackend } from '@memkit/gpu'
import type { ConformanceFactory } from '@memkit/gpu/conformance'

/** A backend that this browser has. */
export interface Place {
  readonly name: 'WebGPU' | 'WebGL2'
  readonly info: Record<string, unknown>
  readonly factory: ConformanceFactory
  /** A gpu for the round trip and the benchmark. */
  gpu(): Promise<MkGpu>
}

/** @returns the place, or a sentence that says why there is none */
export async function webGpuPlace(): Promise<Place | string> {
  if (!('gpu' in navigator))
    return isSecureContext
      ? 'This browser has no WebGPU.'
      : 'This page isn’t a secure context: WebGPU needs https or localhost.'
  const adapter = await navigator.gpu.requestAdapter()
  if (adapter === null) return 'WebGPU found no adapter.'
  const { vendor, architecture, device, description } = adapter.info
  const { maxBufferSize, maxStorageBufferBindingSize, maxTextureDimension2D } = adapter.limits
  return {
    name: 'WebGPU',
    info: {
      adapter: [vendor, architecture, device, description].filter(Boolean).join(' · '),
      features: [...adapter.features].sort().join(' '),
      maxBufferSize,
      maxStorageBufferBindingSize,
      maxTextureDimension2D,
    },
    factory: async () => {
      const owned = await requestDevice()
      return { backend: new WebGpuBackend(owned, { owned: true }), lose: () => owned.destroy() }
    },
    gpu: async () => new MkGpu(new WebGpuBackend(await requestDevice(), { owned: true })),
  }
}

async function requestDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter()
  if (adapter === null) throw new Error('WebGPU found no adapter any more.')
  return adapter.requestDevice()
}

/** @returns the place, or a sentence that says why there is none */
export function webGl2Place(): Place | string {
  if (typeof OffscreenCanvas === 'undefined') return 'This browser has no OffscreenCanvas.'
  const first = new OffscreenCanvas(4, 4).getContext('webgl2')
  if (first === null) return 'This browser has no WebGL2.'
  const debug = first.getExtension('WEBGL_debug_renderer_info')
  const renderer: unknown = first.getParameter(debug?.UNMASKED_RENDERER_WEBGL ?? first.RENDERER)
  const maxTextureSize: unknown = first.getParameter(first.MAX_TEXTURE_SIZE)
  first.getExtension('WEBGL_lose_context')?.loseContext()
  return {
    name: 'WebGL2',
    info: { renderer, maxTextureSize },
    factory: () => {
      const gl = context()
      const backend = new WebGl2Backend(gl, { owned: true })
      return { backend, lose: () => gl.getExtension('WEBGL_lose_context')!.loseContext() }
    },
    gpu: async () => new MkGpu(new WebGl2Backend(context(), { owned: true })),
  }
}

function context(): WebGL2RenderingContext {
  const gl = new OffscreenCanvas(4, 4).getContext('webgl2')
  if (gl === null) throw new Error('The browser gives no WebGL2 context any more.')
  return gl
}
