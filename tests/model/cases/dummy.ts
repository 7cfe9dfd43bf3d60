import { dummyPlace } from '../dummy-place.ts'
import type { ModelCase } from '../place.ts'

export const project = 'unit'

export const cases: readonly ModelCase[] = [false, true].map((faults) => ({
  name: 'The Dummy',
  place: dummyPlace,
  faults,
  starves: true,
  programs: 150,
  steps: 200,
  seed: 20_250_101,
}))
