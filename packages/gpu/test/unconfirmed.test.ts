// What shares a submit, on a Dummy that refuses submits whole. On every backend: the conformance suite.
import { describe, expect, it } from 'vitest'
import { DummyBackend, MkBufferUsage, MkGpu } from '@memkit/gpu'
import type { DummyBuffer, DummyOptions, MkDeviceBuffer } from '@memkit/gpu'

const { STORAGE, TRANSFER_DST, TRANSFER_SRC } = MkBufferUsage
const USAGE = STORAGE | TRANSFER_DST | TRANSFER_SRC

type Buffer = MkDeviceBuffer<DummyBackend>

function open(options: DummyOptions = {}) {
  const backend = new DummyBackend(options)
  const gpu = new MkGpu(backend)
  const make = (value = 0): Buffer => {
    const buffer = gpu.createDeviceBuffer(16, USAGE)
    gpu.write(buffer, 0, new Uint32Array([value, value, value, value]).buffer)
    return buffer
  }
  const starve = (): void => {
    backend.faults = { ...backend.faults, outOfMemoryAt: [backend.calls.buffersCreated + 1] }
  }
  const submits = (work: () => void): number => {
    const before = gpu.calls.submits
    work()
    gpu.submit()
    return gpu.calls.submits - before
  }
  return { backend, gpu, make, starve, submits }
}

const first = ({ native }: { native: DummyBuffer }): number => native.words[0]

describe('submits', () => {
  it('are one for confirmed buffers, and one for each consecutive set of unconfirmed ones', async () => {
    const { gpu, make, submits } = open()
    const [a, b] = [make(1), make(2)]
    await b.allocationError
    await a.allocationError
    const [x, y] = [make(), make()]
    expect(submits(() => gpu.copy(a, 0, b, 0, 16))).toBe(1)
    const work = (): void => {
      gpu.copy(a, 0, x, 0, 8)
      gpu.copy(x, 8, b, 0, 4)
      gpu.copy(a, 0, b, 0, 4)
      gpu.copy(b, 0, a, 4, 4)
      gpu.copy(x, 0, y, 0, 4)
      gpu.copy(y, 8, x, 8, 4)
      gpu.copy(y, 0, b, 8, 4)
    }
    // x; none; x and y; y.
    expect(submits(work)).toBe(4)
    await Promise.all([x.allocationError, y.allocationError])
    expect(submits(work)).toBe(1)
  })

  it('of which one is refused leave the others to run, in their order', async () => {
    const { gpu, make, starve } = open()
    const [a, b, c] = [make(1), make(2), make(3)]
    await Promise.all([a, b, c].map(({ allocationError }) => allocationError))
    gpu.copy(a, 0, b, 0, 16)
    starve()
    const poor = make(4)
    gpu.copy(a, 0, poor, 8, 4)
    gpu.copy(b, 0, c, 0, 16)
    gpu.submit()
    expect([first(b), first(c)]).toEqual([1, 1])
    expect((await poor.allocationError)?.code).toBe('AllocationFailed')
  })
})

describe('the Dummy', () => {
  it('refuses the whole submit when one buffer has no memory, as WebGPU does', () => {
    const { backend, gpu, make, starve } = open()
    const [a, b] = [make(1), make(2)]
    starve()
    const poor = make(3)
    // Below MkGpu, which keeps them apart.
    backend.copy(a.native, 0, b.native, 0, 16)
    backend.copy(a.native, 0, poor.native, 0, 16)
    backend.submit()
    expect(first(b)).toBe(2)
    backend.copy(a.native, 0, b.native, 0, 16)
    backend.separate()
    backend.copy(a.native, 0, poor.native, 0, 16)
    backend.submit()
    expect(first(b)).toBe(1)
    gpu.destroy()
  })

  it.each(['destroyed', 'mapped'] as const)(
    'refuses the whole submit when one buffer is %s',
    async (state) => {
      const { backend, gpu, make } = open()
      const errors: string[] = []
      gpu.onError(({ code }) => errors.push(code))
      const [a, b] = [make(1), make(2)]
      const staging = gpu.createStagingBuffer(16)
      backend.copy(a.native, 0, b.native, 0, 16)
      backend.copy(staging.native, 0, a.native, 0, 16)
      if (state === 'mapped') await backend.map(staging.native)
      else backend.destroyBuffer(staging.native)
      backend.submit()
      expect([first(a), first(b)]).toEqual([1, 2])
      expect(errors).toEqual(['HazardDetected'])
    },
  )

  it('reports late whether there is memory, newest first, or on request', async () => {
    const heard: number[] = []
    const listen = ({ gpu }: { gpu: MkGpu<DummyBackend> }): void => {
      for (let i = 0; i < 3; i++)
        void gpu.createDeviceBuffer(16, USAGE).allocationError.then(() => heard.push(i))
    }
    listen(open())
    for (let i = 0; i < 20; i++) await Promise.resolve()
    expect(heard).toEqual([])
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(heard).toEqual([2, 1, 0])
    heard.length = 0
    const silent = open({ answerDelayUs: Infinity })
    listen(silent)
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(heard).toEqual([])
    silent.backend.answer()
    for (let i = 0; i < 20; i++) await Promise.resolve()
    expect(heard).toEqual([2, 1, 0])
  })

  it('settles pending answers when it is lost', async () => {
    const { backend, gpu } = open({ answerDelayUs: Infinity })
    const buffer = gpu.createDeviceBuffer(16, USAGE)
    backend.lose()
    expect(await buffer.allocationError).toMatchObject({ code: 'DeviceLost' })
    expect(buffer.allocated).toBe(false)
  })

  it('has as much memory for scatters as its faults allow', async () => {
    const { backend, gpu, make } = open({ faults: { scatterRoom: 0 } })
    expect(await gpu.prepareScatter()).toBe(false)
    expect([gpu.scatterReady, gpu.scatterRoom]).toEqual([false, 0])
    backend.faults = { scatterRoom: 2 }
    expect(await gpu.prepareScatter()).toBe(true)
    const dst = make()
    const payload = make(2)
    const job = { payload, stride: 4, count: 1, payloadOffset: 0, indexOffset: 4 }
    gpu.scatter(dst, job)
    expect(gpu.scatterRoom).toBe(1)
    gpu.submit()
    expect(gpu.scatterRoom).toBe(2)
    expect([...dst.native.words]).toEqual([0, 0, 2, 0])
  })
})

describe('a read', () => {
  it('of a buffer without memory rejects instead of giving zeros', async () => {
    const { gpu, make, starve } = open()
    starve()
    const poor = make(7)
    await expect(gpu.read(poor)).rejects.toMatchObject({ code: 'AllocationFailed' })
  })
})
