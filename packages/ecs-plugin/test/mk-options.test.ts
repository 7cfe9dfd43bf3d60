import { createWorld } from 'bitecs'
import { tableCosts } from '@memkit/coordinator'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { afterEach, describe, expect, it } from 'vitest'
import { attachMk, createApp, MkPlugin, type MkOptions, type MkSync } from '../src/index.ts'

const MIB = 2 ** 20
const made: { dispose(): void }[] = []
afterEach(() => made.splice(0).forEach((each) => each.dispose()))

type Attach = (options: MkOptions) => Promise<MkSync<object>>

const ways: readonly [string, Attach][] = [
  [
    'attachMk',
    async (options) => {
      const mk = await attachMk(createWorld(), { gpu: new MkGpu(new DummyBackend()), ...options })
      made.push(mk)
      return mk
    },
  ],
  [
    'MkPlugin',
    async (options) => {
      const plugin = new MkPlugin({ gpu: new MkGpu(new DummyBackend()), ...options })
      const app = createApp(createWorld()).addPlugin(plugin)
      made.push(app)
      await app.ready()
      return app.mk
    },
  ],
]

describe.each(ways)('options of the coordinator given to %s', (_, attach) => {
  it('include frameArenaBytes, which ArenaFull advises to raise', async () => {
    // 40 MiB are above 16 × the default of 1 MiB, and below 16 × 4 MiB.
    const small = await attach({})
    small.beginFrame()
    expect(() => small.coordinator.frameAlloc(Uint8Array, 40 * MIB)).toThrowError(
      expect.objectContaining({ code: 'ArenaFull', message: expect.stringContaining('frameArenaBytes') }),
    )
    const big = await attach({ frameArenaBytes: 4 * MIB })
    big.beginFrame()
    expect(big.coordinator.frameAlloc(Uint8Array, 40 * MIB)).toHaveLength(40 * MIB)
  })

  it('include frameBuffers and frameBufferBytes', async () => {
    const { coordinator, gpu } = await attach({
      frameBuffers: 'per-slot',
      frameBufferBytes: 8192,
      buffering: 2,
    })
    const frameBuffers = gpu.leaks().filter(({ label }) => label.startsWith('memkit frame buffer'))
    expect(frameBuffers.map(({ size }) => size)).toEqual([8192, 8192])
    expect(coordinator.frameBuffer.size).toBe(8192)
  })

  it('keep the default table with calibrate: false', async () => {
    const { coordinator } = await attach({ calibrate: false })
    await coordinator.ready()
    expect(coordinator.costs).toEqual(tableCosts.dummy)
  })

  it('are checked by the coordinator, which leaves the world free', async () => {
    await expect(attach({ frameArenaBytes: -1 })).rejects.toMatchObject({
      code: 'InvalidConfig',
      option: 'frameArenaBytes',
    })
    await expect(attach({ frameBuffers: 'all' as never })).rejects.toMatchObject({ code: 'InvalidConfig' })
  })

  it('exclude recover, which `gpu` as a function replaces', async () => {
    await expect(attach({ recover: () => Promise.reject(new Error('no')) } as never)).rejects.toMatchObject({
      code: 'InvalidOption',
      option: 'recover',
    })
  })
})
