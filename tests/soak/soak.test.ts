import { expect, it } from 'vitest'
import { dummyPlace } from './places.ts'
import { Soak } from './soak.ts'

it('finds the bytes of a world on the Dummy after every frame, through six attachments and lost devices', async () => {
  const soak = new Soak(dummyPlace(), {
    frames: 600,
    cycle: 100,
    seed: 1,
    sample: 64,
    fullEvery: 20,
    loseEvery: 60,
  })
  await soak.run()
  expect(soak.problems).toEqual([])
  // Seven reads a frame, and more in each twentieth; frames on a lost device have none.
  expect(soak.readback.reads).toBeGreaterThan(600 * 4)
  expect(soak.losses).toBeGreaterThan(3)
  expect(soak.grown).toBeGreaterThan(50)
  expect(soak.samples).toHaveLength(6)
}, 60_000)
