import { WebGl2Backend, WebGpuBackend, type MkDeviceBuffer, type MkGpu } from '@memkit/gpu'
import { starvedDevice, type StarvedDevice } from '@memkit/testing/starved-device'
import type { Place } from './place.ts'

/** Milliseconds that a device takes to say that it has no memory. */
const ANSWER_MS = 4

/** One device for all programs, as long as none of them loses it. */
export function devicePlace(
  open: () => Promise<MkGpu>,
  mark?: Place['mark'],
): Place & Required<Pick<Place, 'end'>> {
  let gpu: MkGpu | undefined
  let starved: StarvedDevice | undefined
  return {
    async open() {
      if (gpu === undefined || gpu.isLost) {
        gpu = await open()
        const { backend } = gpu
        starved = backend instanceof WebGpuBackend ? starvedDevice(backend.device, ANSWER_MS) : undefined
      }
      return gpu
    },
    async close() {
      starved?.starve([])
    },
    starve(_, buffers) {
      starved?.starve(Array.from({ length: buffers }, (_, i) => starved!.made() + 1 + i))
    },
    feed() {
      starved?.starve([])
    },
    answered: () => new Promise((resolve) => setTimeout(resolve, ANSWER_MS + 1)),
    compute(gpu, buffer, offset, bytes) {
      if (gpu.backend instanceof WebGpuBackend) dispatch(gpu.backend.device, buffer, offset, bytes)
      else gpu.write(buffer, offset, bytes.buffer, 0, bytes.length)
    },
    lose({ backend }) {
      if (backend instanceof WebGpuBackend) backend.device.destroy()
      else if (backend instanceof WebGl2Backend) backend.gl.getExtension('WEBGL_lose_context')?.loseContext()
    },
    ...(mark === undefined ? {} : { mark }),
    end() {
      gpu?.destroy()
    },
  }
}

const pipelines = new WeakMap<GPUDevice, GPUComputePipeline>()

/** A shader writes the words. */
function dispatch(device: GPUDevice, buffer: MkDeviceBuffer, offset: number, bytes: Uint8Array): void {
  let pipeline = pipelines.get(device)
  if (pipeline === undefined) {
    const code = `
      @group(0) @binding(0) var<storage, read_write> rows: array<u32>;
      @group(0) @binding(1) var<storage> words: array<u32>; // first the word to begin at
      @compute @workgroup_size(64) fn write(@builtin(global_invocation_id) id: vec3u) {
        if (id.x + 1u < arrayLength(&words)) { rows[words[0] + id.x] = words[id.x + 1u]; }
      }`
    const module = device.createShaderModule({ code })
    pipelines.set(device, (pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } })))
  }
  const words = device.createBuffer({
    size: 4 + bytes.length,
    usage: 0x80 /* STORAGE */ | 0x8 /* COPY_DST */,
    mappedAtCreation: true,
  })
  const mapped = words.getMappedRange()
  new Uint32Array(mapped)[0] = offset / 4
  new Uint8Array(mapped, 4).set(bytes)
  words.unmap()
  const encoder = device.createCommandEncoder()
  const pass = encoder.beginComputePass()
  pass.setPipeline(pipeline)
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [
      { binding: 0, resource: { buffer: buffer.native as GPUBuffer } },
      { binding: 1, resource: { buffer: words } },
    ],
  })
  pass.setBindGroup(0, group)
  pass.dispatchWorkgroups(Math.ceil(bytes.length / 4 / 64))
  pass.end()
  device.queue.submit([encoder.finish()])
  words.destroy()
}
