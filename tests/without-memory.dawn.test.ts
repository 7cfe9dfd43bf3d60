import { dawnDevice } from '@memkit/gpu/node'
import { describe } from 'vitest'
import { shortGpu } from './suites/short-gpu.ts'
import { describeWithoutMemory } from './suites/without-memory.ts'

describe('Dawn', () => {
  describeWithoutMemory(async () => shortGpu(await dawnDevice()), 8)
})
