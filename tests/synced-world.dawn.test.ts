import { dawnGpu } from '@memkit/gpu/node'
import { describe } from 'vitest'
import { describeSyncedWorld } from './suites/synced-world.ts'

describe('on Dawn in Node', () => {
  describeSyncedWorld(() => dawnGpu({ debug: true }))
})
