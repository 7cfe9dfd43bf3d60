/** There is no WebGPU to draw with. `advice` says what to do about it, in sentences. */
export class NoWebGpu extends Error {
  readonly advice: readonly string[]

  constructor(message: string, advice: readonly string[]) {
    super(message)
    this.name = 'NoWebGpu'
    this.advice = advice
  }
}

const browsers =
  'WebGPU is on by default in Chrome and Edge 113 or newer (121 on Android), in Safari 26 or newer, and in Firefox 141 or newer on Windows (145 on Macs with Apple chips).'
const linux = 'In Chrome on Linux, start it with --enable-unsafe-webgpu --enable-features=Vulkan.'

/** A device with room for the largest swarm. @throws NoWebGpu */
export async function requestDevice(): Promise<GPUDevice> {
  if (!isSecureContext)
    throw new NoWebGpu(
      'This page was not loaded over a secure connection, so the browser hides WebGPU from it.',
      ['Open it over https, or from http://localhost.'],
    )
  const gpu = (navigator as { gpu?: GPU }).gpu
  if (gpu === undefined)
    throw new NoWebGpu('This browser has no WebGPU, which the swarm is drawn with.', [browsers, linux])
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  if (adapter === null)
    throw new NoWebGpu('This browser knows WebGPU, but found no graphics adapter that it may use.', [
      'Update the graphics driver, and switch hardware acceleration on in the browser’s settings.',
      linux,
      'Without a graphics card, Chrome draws in software with --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader.',
    ])
  return adapter.requestDevice({ label: 'memkit demo' })
}
