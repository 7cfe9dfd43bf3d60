import { compatibilityPlace, place, webgl2Place } from '@memkit/testing/place/browser'
import { devicePlace } from '../device-place.ts'
import type { ModelCase } from '../place.ts'

export const project = 'browser'

const core = devicePlace(place.open)
const compatibility = devicePlace(compatibilityPlace.open)
const webgl2 = devicePlace(webgl2Place.open)
const standard = { starves: true, programs: 12, steps: 100, seed: 20_250_103 }

export const cases: readonly ModelCase[] = [
  { ...standard, name: 'WebGPU', place: core, faults: false },
  { ...standard, name: 'WebGPU', place: core, faults: true },
  { ...standard, name: 'WebGPU in compatibility mode', place: compatibility, faults: true },
  { ...standard, name: 'WebGL2', place: webgl2, faults: false },
  { ...standard, name: 'WebGL2', place: webgl2, faults: true, starves: false },
]
