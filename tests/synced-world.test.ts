import { DummyBackend, MkGpu } from '@memkit/gpu'
import { describe } from 'vitest'
import { describeSyncedWorld } from './suites/synced-world.ts'

describe('on the Dummy backend', () => {
  describeSyncedWorld(async () => new MkGpu(new DummyBackend(), { debug: true }))
})
