import { createWorld } from 'bitecs'
import { createApp, MkPlugin } from '@memkit/ecs-plugin'
import { DummyBackend, MkBufferUsage, MkGpu } from '@memkit/gpu'
import { useEverything } from './everything.ts'

// A program that starts something which has a timer, ends it, and says how many timers there were meanwhile and afterwards.

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}

/** A function that gives a device once, and then none. */
function givesOnce(): { gpu: () => Promise<MkGpu>; lose: () => void } {
  const backend = new DummyBackend()
  let asked = 0
  return {
    gpu: async () => {
      if (asked++ > 0) throw new Error('no device')
      return new MkGpu(backend)
    },
    lose: () => backend.lose(),
  }
}

/** Each starts something; what it returns ends that. */
const cases: Record<string, () => Promise<() => void>> = {
  async run() {
    const app = createApp(createWorld())
    await app.ready()
    app.run({ hz: 1 })
    return () => app.dispose()
  },
  async ready() {
    const app = createApp(createWorld()).addPlugin({ build() {}, ready: () => false })
    void app.ready().catch(() => undefined)
    await Promise.resolve()
    return () => app.dispose()
  },
  async 'back-off'() {
    const { gpu, lose } = givesOnce()
    const { mk } = await useEverything({ gpu })
    lose()
    // After the third try it waits for 400 ms.
    await sleep(350)
    return () => mk.dispose()
  },
  async 'back-off of a plugin'() {
    const { gpu, lose } = givesOnce()
    const app = createApp(createWorld()).addPlugin(new MkPlugin({ gpu, heapBytes: 1 << 20 }))
    await app.ready()
    app.tick()
    lose()
    await sleep(50)
    return () => app.dispose()
  },
  async 'slow device'() {
    const gpu = new MkGpu(new DummyBackend({ transferDelayUs: 10e6 }))
    const buffer = gpu.createDeviceBuffer(64, MkBufferUsage.TRANSFER_DST | MkBufferUsage.TRANSFER_SRC)
    gpu.write(buffer, 0, new ArrayBuffer(64))
    void gpu.read(buffer).catch(() => undefined)
    await Promise.resolve()
    return () => gpu.destroy()
  },
}

const end = await cases[process.argv[2]]()
const during = timers()
end()
end()
// Pending promises are settled; nothing may start to wait again.
await new Promise((resolve) => setImmediate(resolve))
console.log(JSON.stringify({ during, after: timers() }))
