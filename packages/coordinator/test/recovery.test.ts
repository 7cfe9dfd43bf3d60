import { DummyBackend, MkGpu } from '@memkit/gpu'
import { describe, expect, test } from 'vitest'
import { MkCoordinator } from '@memkit/coordinator'
import { Pause, recover } from '../src/recovery.ts'

/** Waits for nothing, and remembers how long it should have. */
class Hurry extends Pause {
  readonly waits: number[] = []
  override async wait(milliseconds: number): Promise<void> {
    this.waits.push(milliseconds)
  }
}

describe('a device that does not come', () => {
  test('is asked for at once, then with twice the pause each time, up to ten seconds', async () => {
    const pause = new Hurry()
    let asked = 0
    const factory = async (): Promise<MkGpu> => {
      if (++asked < 11) throw new Error('not yet')
      return new MkGpu(new DummyBackend())
    }
    let used = 0
    await recover(
      factory,
      async () => void used++,
      () => false,
      pause,
    )
    expect(pause.waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000])
    expect([asked, used]).toEqual([11, 1])
  })

  test('is asked for again when it cannot be put into use', async () => {
    const pause = new Hurry()
    let used = 0
    const use = async (): Promise<void> => {
      if (++used < 3) throw new Error('lost as well')
    }
    await recover(
      async () => new DummyBackend(),
      use,
      () => false,
      pause,
    )
    expect([used, pause.waits]).toEqual([3, [100, 200]])
  })

  test('is not asked for any more once the wait was ended and it is not wanted', async () => {
    const pause = new Pause()
    let wanted = true
    let asked = 0
    const recovering = recover(
      async () => {
        asked++
        throw new Error('never')
      },
      async () => undefined,
      () => !wanted,
      pause,
    )
    for (let i = 0; i < 4; i++) await Promise.resolve()
    wanted = false
    pause.end()
    await recovering
    expect(asked).toBe(1)
  })
})

test('a device that is replaced by hand is not lost, though it is destroyed', async () => {
  const co = new MkCoordinator(new DummyBackend(), { calibrate: false })
  const events: string[] = []
  co.on('lost', () => events.push('lost'))
  co.on('restored', () => events.push('restored'))
  const before = co.gpu
  await co.restore(new DummyBackend())
  await before.lost
  await Promise.resolve()
  expect(events).toEqual(['restored'])
  expect(co.isLost).toBe(false)
  co.dispose()
})
