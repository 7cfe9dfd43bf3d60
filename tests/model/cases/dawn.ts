import { dawnGpu } from '@memkit/gpu/node'
import { markInThread } from '../../workers/node-marker.ts'
import { devicePlace } from '../device-place.ts'
import type { ModelCase } from '../place.ts'

export const project = 'dawn'

const core = devicePlace(() => dawnGpu({ debug: true }), markInThread)
const compatibility = devicePlace(() => dawnGpu({ debug: true, featureLevel: 'compatibility' }))
const standard = { starves: true, programs: 25, steps: 150, seed: 20_250_102 }

export const cases: readonly ModelCase[] = [
  { ...standard, name: 'Dawn', place: core, faults: false },
  { ...standard, name: 'Dawn', place: core, faults: true },
  { ...standard, name: 'Dawn in compatibility mode', place: compatibility, faults: true, programs: 6 },
]
