import { afterAll, afterEach, expect } from 'vitest'
import type { MkError } from '@memkit/core'
import type { MkGpu } from '@memkit/gpu'
import { dawnGpu } from '@memkit/gpu/node'

/** One Dawn device for a test file, in debug mode. After each test no error may have come from it. */
export async function testDevice(): Promise<MkGpu> {
  const gpu = await dawnGpu({ debug: true })
  const errors: MkError[] = []
  gpu.onError((error) => errors.push(error))
  afterEach(async () => {
    await gpu.waitIdle()
    expect(errors.splice(0)).toEqual([])
  })
  afterAll(() => gpu.destroy())
  return gpu
}
