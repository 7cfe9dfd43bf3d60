import { dummyPlace } from '../dummy-place.ts'
import type { ModelCase } from '../place.ts'
import { threePlace } from '../three-place.ts'

export const project = 'unit'

const standard = { programs: 150, steps: 200, seed: 20_250_101 }
const dummy = { ...standard, name: 'The Dummy', place: dummyPlace, starves: true }

export const cases: readonly ModelCase[] = [
  { ...dummy, faults: false },
  { ...dummy, faults: true },
  { ...standard, name: 'Memory for three.js', place: threePlace, starves: false, faults: false },
]
