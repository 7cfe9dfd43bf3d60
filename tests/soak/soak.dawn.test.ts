import { expect, it } from 'vitest'
import { dawnPlace } from './places.ts'
import { Soak } from './soak.ts'

it('finds the bytes of a world on Dawn after every frame, through four attachments and lost devices', async () => {
  const soak = new Soak(dawnPlace(), {
    frames: 200,
    cycle: 50,
    seed: 2,
    sample: 64,
    fullEvery: 20,
    loseEvery: 40,
  })
  await soak.run()
  expect(soak.problems).toEqual([])
  expect(soak.readback.reads).toBeGreaterThan(200 * 3)
  expect(soak.losses).toBeGreaterThan(0)
}, 60_000)
