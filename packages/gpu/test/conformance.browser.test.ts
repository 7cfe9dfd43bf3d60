import { WebGl2Backend, WebGpuBackend } from '@memkit/gpu'
import { conformance } from './conformance-suite.ts'

for (const featureLevel of ['core', 'compatibility'] as const)
  conformance(`WebGPU in Chromium, feature level ${featureLevel},`, async () => {
    const adapter = await navigator.gpu.requestAdapter({ featureLevel })
    if (!adapter) throw new Error('this browser has no WebGPU adapter')
    const device = await adapter.requestDevice()
    return { backend: new WebGpuBackend(device, { owned: true }), lose: () => device.destroy() }
  })

conformance('WebGL2 in Chromium', () => {
  const gl = new OffscreenCanvas(4, 4).getContext('webgl2')
  if (!gl) throw new Error('this browser has no WebGL2')
  const backend = new WebGl2Backend(gl, { owned: true })
  return { backend, lose: () => gl.getExtension('WEBGL_lose_context')!.loseContext() }
})
