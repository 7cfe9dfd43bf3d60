import { dawnGpu } from '@memkit/gpu/node'
import { describe } from 'vitest'
import { describeStores } from './suites/stores.ts'

describe('every store on Dawn in Node', () => {
  describeStores(() => dawnGpu({ debug: true }))
})
