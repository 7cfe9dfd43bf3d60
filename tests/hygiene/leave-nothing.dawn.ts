import { dawnDevice, dawnGpu } from '@memkit/gpu/node'
import type { MkSync } from '@memkit/ecs-plugin'
import { useEverything, type InUse } from './everything.ts'

// A program on Dawn that is over when its last line has run: nothing may keep the process alive, and nothing may be left on the device.

/** Disposes twice, and waits until every promise is settled. */
async function end({ mk, pending }: InUse): Promise<void> {
  mk.dispose()
  mk.dispose()
  const ends = await Promise.allSettled(pending)
  for (const one of ends) {
    const { code } = one.status === 'rejected' ? (one.reason as { code: string }) : { code: 'DeviceLost' }
    if (code !== 'DeviceLost' && code !== 'BufferDestroyed') throw new Error(`rejected with ${code}`)
  }
}

const lost = (mk: MkSync<object>): Promise<void> =>
  new Promise((resolve) => void mk.on('lost', () => resolve()))

const cases: Record<string, () => Promise<void>> = {
  async 'a device that was lent'() {
    const device = await dawnDevice()
    await end(await useEverything({ gpu: device }))
    // It is whole, and its owner's to destroy.
    device.createBuffer({ size: 16, usage: 8 }).destroy()
    await device.queue.onSubmittedWorkDone()
    device.destroy()
  },
  async 'a gpu that was lent'() {
    const gpu = await dawnGpu({ debug: true })
    const errors: unknown[] = []
    gpu.onError((error) => errors.push(error))
    await end(await useEverything({ gpu }))
    if (gpu.leaks().length > 0)
      throw new Error(
        `left: ${gpu
          .leaks()
          .map(({ label }) => label)
          .join(', ')}`,
      )
    await gpu.waitIdle()
    if (errors.length > 0) throw errors[0]
    gpu.destroy()
  },
  async 'a device of ours'() {
    await end(await useEverything({ gpu: () => dawnDevice() }))
  },
  async 'while the device is lost'() {
    const device = await dawnDevice()
    const use = await useEverything({ gpu: device })
    device.destroy()
    use.frame()
    await end(use)
  },
  async 'while it waits to ask for another device'() {
    const asked = { times: 0 }
    const use = await useEverything({
      gpu: async () => {
        if (asked.times++ > 0) throw new Error('no device')
        return dawnDevice()
      },
    })
    use.mk.device?.destroy()
    await lost(use.mk)
    // The second try has failed, and the next is 200 ms away.
    while (asked.times < 3) await new Promise((resolve) => setTimeout(resolve, 10))
    await end(use)
  },
  async 'while it waits for another device'() {
    const devices: GPUDevice[] = []
    const asked = { again: false }
    const use = await useEverything({
      gpu: async () => {
        asked.again = devices.length > 0
        devices.push(await dawnDevice())
        return devices[devices.length - 1]
      },
    })
    use.mk.device?.destroy()
    while (!asked.again) await new Promise((resolve) => setTimeout(resolve, 1))
    await end(use)
    // It comes too late, and is destroyed on arrival.
    while (devices.length < 2) await new Promise((resolve) => setTimeout(resolve, 1))
    await devices[1].lost
  },
  async 'in an open frame'() {
    const use = await useEverything({ gpu: () => dawnDevice() })
    use.mk.beginFrame()
    use.mk.coordinator.stageForUpload(use.mk.coordinator.frameAlloc(Uint32Array, 4))
    await end(use)
  },
}

await cases[process.argv[2]]()
console.log('done')
