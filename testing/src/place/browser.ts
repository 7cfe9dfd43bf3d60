import { MkGpu, WebGl2Backend } from '@memkit/gpu'
import type { ConformanceFactory } from '@memkit/gpu/conformance'
import type { ByName, Place } from './place.ts'
import { webGpuPlaces, type WebGpuPlaces } from './webgpu.ts'

function webGpu(featureLevel: 'core' | 'compatibility', name: string): WebGpuPlaces {
  return webGpuPlaces(
    name,
    async () => {
      const adapter = await navigator.gpu.requestAdapter({ featureLevel })
      if (!adapter) throw new Error(`this browser has no WebGPU adapter (${featureLevel})`)
      return adapter.requestDevice()
    },
    12,
  )
}

function openContext(): WebGL2RenderingContext {
  const gl = new OffscreenCanvas(8, 8).getContext('webgl2')
  if (!gl) throw new Error('this browser has no WebGL2')
  return gl
}

const core = webGpu('core', 'WebGPU in the browser')
const compatibility = webGpu('compatibility', 'WebGPU in compatibility mode')
export const { place, doomedPlaces, shortPlaces } = core

export const compatibilityPlace: Place = compatibility.place
export const webgl2Place: Place = {
  open: () => Promise.resolve(new MkGpu(new WebGl2Backend(openContext()), { debug: true })),
}
export const places: ByName<Place> = { ...core.places, 'WebGL2 in the browser': webgl2Place }

/** Backends of this place, by name, for the conformance suite. */
export const backends: ByName<ConformanceFactory> = {
  WebGPU: core.conforming,
  'WebGPU in compatibility mode': compatibility.conforming,
  WebGL2: () => {
    const gl = openContext()
    const backend = new WebGl2Backend(gl, { owned: true })
    return { backend, lose: () => gl.getExtension('WEBGL_lose_context')!.loseContext() }
  },
}
