import { describe } from 'vitest'
import { shortGpu } from './suites/short-gpu.ts'
import { describeWithoutMemory } from './suites/without-memory.ts'

describe('Chromium', () => {
  describeWithoutMemory(async () => {
    const adapter = await navigator.gpu.requestAdapter()
    return shortGpu(await adapter!.requestDevice())
  }, 12)
})
