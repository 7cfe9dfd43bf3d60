import { dawnGpu } from '@memkit/gpu/node'
import { describe } from 'vitest'
import { describeQuickStarts } from './suites/quick-starts.ts'

describe('on Dawn in Node', () => {
  describeQuickStarts(() => dawnGpu({ debug: true }))
})
