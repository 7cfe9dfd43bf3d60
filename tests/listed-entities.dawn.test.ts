import { dawnGpu } from '@memkit/gpu/node'
import { describe } from 'vitest'
import { describeListedEntities } from './suites/listed-entities.ts'

describe('on Dawn in Node', () => {
  describeListedEntities(() => dawnGpu({ debug: true }))
})
