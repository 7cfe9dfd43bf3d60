import { describe, expect, it, vi } from 'vitest'
import { createColumnMirror, MkCoordinator } from '@memkit/coordinator'
import { DummyBackend } from '@memkit/gpu'
import { integersFrom } from '@memkit/testing/random'
import { difference, Game } from './column-game.ts'
import { frame } from './device-bytes.ts'

const modes = ['all', 'marked', 'detect'] as const

async function started(mode: (typeof modes)[number], seed: number) {
  const backend = new DummyBackend()
  const co = new MkCoordinator(backend, { heapBytes: 8 << 20, calibrate: false })
  await co.ready()
  const game = new Game(co, mode, integersFrom(seed))
  const step = (): void =>
    void frame(co, () => {
      game.step()
      game.stage()
    })
  return { backend, co, game, step }
}

describe.each(modes)('a mirror of columns, %s', (mode) => {
  it('has every byte again after each loss, wherever in a frame the device goes', async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const { co, game, step } = await started(mode, seed)
      for (let loss = 0; loss < 6; loss++) {
        step()
        const lose = (): void => (co.gpu.backend as DummyBackend).lose()
        if (loss % 3 === 0) lose()
        co.beginFrame()
        game.step()
        if (loss % 3 === 1) lose()
        game.stage()
        if (loss % 3 === 2) lose()
        co.endFrame()
        step()
        await co.restore(new DummyBackend())
        step()
        expect(await difference(co, game.mirror, game.arrays), `seed ${seed}, loss ${loss}`).toBeUndefined()
      }
      co.dispose()
    }
  })

  it('has every byte again after a loss while everything moves in every frame', async () => {
    for (let seed = 1; seed <= 4; seed++) {
      const { co, game } = await started(mode, seed)
      game.growTo(700)
      const move = (frames: number): void => {
        for (let i = 0; i < frames; i++)
          frame(co, () => {
            game.moveAll()
            game.stage()
          })
      }
      for (let loss = 0; loss < 4; loss++) {
        move(3 + loss)
        ;(co.gpu.backend as DummyBackend).lose()
        move(loss % 3)
        await co.restore(new DummyBackend())
        if (loss % 2 === 0) move(1)
        frame(co, () => game.stage())
        expect(await difference(co, game.mirror, game.arrays), `seed ${seed}, loss ${loss}`).toBeUndefined()
        game.shrinkTo(100)
        move(2)
        game.shrinkTo(700)
        game.growTo(700 + loss * 500)
      }
      co.dispose()
    }
  })

  it('goes on in the smaller buffer when there is no memory for a bigger one, and grows later', async () => {
    const { backend, co, game, step } = await started(mode, 3)
    const warned = vi.fn<() => void>()
    co.on('warning', warned)
    step()
    await co.gpu.waitIdle()
    const { capacity } = game.mirror
    backend.faults = { outOfMemory: 'late', outOfMemoryAt: [backend.calls.buffersCreated + 1] }
    frame(co, () => {
      game.growTo(capacity * 3)
      game.stage()
    })
    await co.gpu.waitIdle()
    await vi.waitFor(() => expect(warned).toHaveBeenCalled())
    // Laid out for the buffer in use, the rows that fit are there; the others follow.
    expect(game.mirror.sections[1].size).toBe(4 * capacity)
    step()
    expect(await difference(co, game.mirror, game.arrays)).toBeUndefined()
    await vi.waitFor(async () => {
      step()
      await co.gpu.waitIdle()
      expect(game.mirror.sections[1].size).toBeGreaterThanOrEqual(4 * capacity * 3)
    })
    step()
    expect(await difference(co, game.mirror, game.arrays)).toBeUndefined()
    co.dispose()
  })

  it('stays as it is when it may not grow', async () => {
    const { co, game, step } = await started(mode, 5)
    step()
    const { capacity, generation } = game.mirror
    expect(() => game.mirror.grow(2 ** 29)).toThrow(expect.objectContaining({ code: 'MirrorTooLarge' }))
    expect(() => game.mirror.grow(-1)).toThrow(expect.objectContaining({ code: 'InvalidSize' }))
    expect(game.mirror).toMatchObject({ capacity, generation })
    expect(await difference(co, game.mirror, game.arrays)).toBeUndefined()
    game.mirror.destroy()
    expect(() => game.mirror.markAll()).toThrow(expect.objectContaining({ code: 'MirrorDestroyed' }))
    expect(() => game.mirror.bind(0, new Uint8Array(4))).toThrow(
      expect.objectContaining({ code: 'MirrorDestroyed' }),
    )
    co.dispose()
  })
})

it.each([
  ['no columns', { columns: [] }, 'InvalidConfig'],
  ['elements of 8 bytes', { columns: [{ name: 'x', elementBytes: 8, arity: 1 }] }, 'InvalidConfig'],
  ['an arity of 0', { columns: [{ name: 'x', elementBytes: 4, arity: 0 }] }, 'InvalidConfig'],
  ['a mode of its own', { changes: 'some' }, 'InvalidConfig'],
  ['no rows', { rows: 0 }, 'InvalidSize'],
])('refuses %s', (_, wrong, code) => {
  const co = new MkCoordinator(new DummyBackend(), { calibrate: false })
  const options = { rows: 4, columns: [{ name: 'x', elementBytes: 4, arity: 1 }], changes: 'all', ...wrong }
  expect(() => createColumnMirror(co, options as never)).toThrow(expect.objectContaining({ code }))
  expect(co.stats.mirrors).toBe(0)
  co.dispose()
})

it('refuses an array of another width than its column', () => {
  const co = new MkCoordinator(new DummyBackend(), { calibrate: false })
  const columns = [{ name: 'x', elementBytes: 4, arity: 1 } as const]
  const mirror = createColumnMirror(co, { rows: 4, columns, changes: 'all' })
  expect(() => mirror.bind(0, new Uint8Array(4))).toThrow(expect.objectContaining({ code: 'InvalidConfig' }))
  expect(() => mirror.bind(1, new Float32Array(4))).toThrow(
    expect.objectContaining({ code: 'InvalidConfig' }),
  )
  co.dispose()
})
