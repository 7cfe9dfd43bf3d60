import { expect, it } from 'vitest'
import { Adapt, type Quality } from '../../demo/src/page/adapt.ts'

function qualities(msPerFrame: number, frames: number): Quality[] {
  const adapt = new Adapt()
  return Array.from({ length: frames }, (_, i) => adapt.frame(10_000 + i * msPerFrame)).filter(
    (quality) => quality !== undefined,
  )
}

it('leaves a device alone that draws 60 or 30 frames per second', () => {
  expect(qualities(1000 / 60, 600)).toEqual([])
  expect(qualities(1000 / 30, 600)).toEqual([])
})

it('halves the resolution first, then draws fewer drones, and stops there', () => {
  expect(qualities(200, 600)).toEqual([
    { resolution: 0.5, drones: 1 },
    { resolution: 0.5, drones: 0.4 },
    { resolution: 0.5, drones: 0.15 },
  ])
})

it('does not take a hidden page for a slow one', () => {
  expect(qualities(10_000, 100)).toEqual([])
})
