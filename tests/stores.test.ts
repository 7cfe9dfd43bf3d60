import { DummyBackend, MkGpu } from '@memkit/gpu'
import { describe } from 'vitest'
import { describeStores } from './suites/stores.ts'

describe('every store on the Dummy backend', () => {
  describeStores(async () => new MkGpu(new DummyBackend(), { debug: true }))
})
