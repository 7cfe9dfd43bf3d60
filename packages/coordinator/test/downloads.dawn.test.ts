import { MkCoordinator } from '@memkit/coordinator'
import { MkBufferUsage } from '@memkit/gpu'
import { dawnGpu } from '@memkit/gpu/node'
import { expect, it } from 'vitest'

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

it('drops rows that came back but were not taken yet when the device is destroyed; the frame continues', async () => {
  const gpu = await dawnGpu({ debug: true })
  const co = new MkCoordinator(gpu, { calibrate: false })
  await co.ready()
  const mirror = co.createMirror({ rows: 64, stride: 16, direction: 'both' })
  co.beginFrame()
  for (let row = 0; row < 64; row++) mirror.write(row, new Uint32Array([row, 1, 2, 3]))
  co.endFrame()
  await co.idle()
  // The copy has been mapped by now, and waits for the next frame to take it.
  for (let i = 0; i < 5; i++) await turn()
  gpu.backend.device.destroy()
  co.beginFrame()
  co.endFrame()
  await gpu.lost
  await co.restore(await dawnGpu({ debug: true }))
  co.beginFrame()
  co.endFrame()
  const words = new Uint32Array(await co.download(mirror.buffer))
  expect([words[0], words[4 * 63], words[4 * 63 + 3]]).toEqual([0, 63, 3])
  const next = co.gpu
  co.dispose()
  next.destroy()
  gpu.destroy()
})

// How many reactions of promises run between the answer to the map and the end of the device.
it.each([0, 1, 2, 3, 4])(
  'rejects a read with DeviceLost when its bytes are lost with the device (%d)',
  async (reactions) => {
    const gpu = await dawnGpu({ debug: true })
    const co = new MkCoordinator(gpu, { calibrate: false })
    const { STORAGE, TRANSFER_SRC, TRANSFER_DST } = MkBufferUsage
    const buffer = gpu.createDeviceBuffer(64, STORAGE | TRANSFER_SRC | TRANSFER_DST)
    const { backend } = gpu
    const map = backend.map.bind(backend)
    backend.map = async (native) => {
      await map(native)
      let end = Promise.resolve()
      for (let i = 0; i < reactions; i++) end = end.then(() => undefined)
      void end.then(() => backend.device.destroy())
    }
    const reads = [co.download(buffer), gpu.read(buffer)]
    const ends = await Promise.all(
      reads.map((read) =>
        read.then(
          () => 'read',
          ({ code }: { code: string }) => code,
        ),
      ),
    )
    // A device that ends late enough has given the bytes before.
    expect(ends.filter((end) => end !== 'DeviceLost' && (end !== 'read' || reactions < 2))).toEqual([])
    co.dispose()
    gpu.destroy()
  },
)
