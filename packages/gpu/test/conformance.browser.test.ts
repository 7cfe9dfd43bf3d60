import { WebGl2Backend, WebGpuBackend } from '@memkit/gpu'
import { starvedDevice } from '../../../tests/suites/starved-device.ts'
import { conformance } from './conformance-suite.ts'

for (const featureLevel of ['core', 'compatibility'] as const)
  conformance(`WebGPU in Chromium, feature level ${featureLevel},`, async () => {
    const adapter = await navigator.gpu.requestAdapter({ featureLevel })
    if (!adapter) throw new Error('this browser has no WebGPU adapter')
    const { device, starveNext } = starvedDevice(await adapter.requestDevice())
    const backend = new WebGpuBackend(device, { owned: true })
    return { backend, lose: () => device.destroy(), starve: starveNext }
  })

conformance('WebGL2 in Chromium', () => {
  const gl = new OffscreenCanvas(4, 4).getContext('webgl2')
  if (!gl) throw new Error('this browser has no WebGL2')
  const backend = new WebGl2Backend(gl, { owned: true })
  return { backend, lose: () => gl.getExtension('WEBGL_lose_context')!.loseContext() }
})
