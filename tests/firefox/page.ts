// Runs the conformance suite on what the browser has, and keeps the outcome for the driver of the page.
import { WebGl2Backend, WebGpuBackend } from '@memkit/gpu'
import { runConformance, type ConformanceFactory } from '@memkit/gpu/conformance'

/** What the page found, as plain data. */
export interface PageOutcome {
  readonly backend: string
  /** Sentence that says why nothing ran. */
  readonly missing?: string
  readonly passed: number
  readonly gated: readonly string[]
  readonly failed: readonly { readonly name: string; readonly message: string }[]
}

declare global {
  interface Window {
    runConformance: (backend: 'webgpu' | 'webgl2') => Promise<PageOutcome>
  }
}

const webgpu: ConformanceFactory = async () => {
  const device = await (await navigator.gpu.requestAdapter())!.requestDevice()
  return { backend: new WebGpuBackend(device, { owned: true }), lose: () => device.destroy() }
}

const webgl2: ConformanceFactory = () => {
  const gl = new OffscreenCanvas(4, 4).getContext('webgl2')!
  const backend = new WebGl2Backend(gl, { owned: true })
  return { backend, lose: () => gl.getExtension('WEBGL_lose_context')!.loseContext() }
}

window.runConformance = async (backend) => {
  const missing = await reasonMissing(backend)
  if (missing !== undefined) return { backend, missing, passed: 0, gated: [], failed: [] }
  const { passed, gated, failed } = await runConformance(backend === 'webgpu' ? webgpu : webgl2)
  return {
    backend,
    passed,
    gated: gated.map(({ name, needs }) => `${name} (needs ${needs})`),
    failed: failed.map(({ name, error }) => ({
      name,
      message: error instanceof Error ? error.message : String(error),
    })),
  }
}

async function reasonMissing(backend: 'webgpu' | 'webgl2'): Promise<string | undefined> {
  if (backend === 'webgl2')
    return new OffscreenCanvas(4, 4).getContext('webgl2') ? undefined : 'This browser has no WebGL2.'
  if (!('gpu' in navigator)) return 'This browser has no WebGPU.'
  return (await navigator.gpu.requestAdapter()) ? undefined : 'WebGPU found no adapter.'
}
