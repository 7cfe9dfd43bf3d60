// One function for every backend: uploadMesh runs on the Dummy backend and on Dawn, and the bytes
// that come back are the same.
//
// npm run example -- generic-upload
import { DummyBackend, ForeignBuffer, MkBufferUsage, MkGpu } from '@memkit/gpu'
import type { MkDeviceBuffer, MkGpuBackend } from '@memkit/gpu'
import { anyGpu } from './support/any-gpu.ts'

/** Generic over the backend, so that the result is a buffer of that backend. */
function uploadMesh<B extends MkGpuBackend>(gpu: MkGpu<B>, vertices: Float32Array): MkDeviceBuffer<B> {
  const staging = gpu.stagingBufferWithData(vertices)
  const device = gpu.createDeviceBuffer(
    vertices.byteLength,
    // TRANSFER_SRC, to read it back below.
    MkBufferUsage.VERTEX | MkBufferUsage.TRANSFER_DST | MkBufferUsage.TRANSFER_SRC,
  )
  gpu.transfer(staging, device)
  return device
}

/** Uploads the mesh, reads it back, and prints what that took. */
async function roundTrip<B extends MkGpuBackend>(gpu: MkGpu<B>, vertices: Float32Array): Promise<Uint8Array> {
  const buffer = uploadMesh(gpu, vertices)
  await gpu.waitIdle()
  const { writes, copies, submits } = gpu.calls
  const { backend, adapter } = gpu.capabilities
  console.log(
    `${`${backend} (${adapter})`.padEnd(36)} ${buffer.size} bytes by ${writes} write, ${copies} copy, ${submits} submit`,
  )
  const bytes = new Uint8Array(await gpu.read(buffer, 0, buffer.size))
  buffer.destroy()
  return bytes
}

const vertices = Float32Array.from({ length: 3 * 1000 }, (_, i) => Math.sin(i))
const dummy = new MkGpu(new DummyBackend())
const real = await anyGpu()
const [a, b] = [await roundTrip(dummy, vertices), await roundTrip(real, vertices)]

const given = new Uint8Array(vertices.buffer)
const equal = given.every((byte, i) => byte === a[i] && byte === b[i])
console.log(
  `\n${equal ? 'Both hold' : 'They do not hold'} the ${given.length} bytes that were uploaded, bit for bit.`,
)

// A buffer belongs to the gpu that made it. Where the types don't tell, the call throws.
const foreign = uploadMesh(dummy, vertices)
let refused = false
try {
  await real.read(foreign, 0, 4)
} catch (error) {
  refused = error instanceof ForeignBuffer
  console.log(`A buffer of the other one is refused: ${(error as Error).message}`)
}
dummy.destroy()
real.destroy()
process.exitCode = equal && refused ? 0 : 1
