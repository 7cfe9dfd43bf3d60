import { MkCoordinator } from '@memkit/coordinator'
import { DummyBackend, MkBufferUsage } from '@memkit/gpu'
import { beforeEach, describe, expect, it } from 'vitest'

let co: MkCoordinator
beforeEach(() => {
  co = new MkCoordinator(new DummyBackend(), { calibrate: false })
  return () => co.dispose()
})

describe('uploadSlice', () => {
  it('takes bytes of any offset and length', async () => {
    const bytes = Uint8Array.from({ length: 40 }, (_, i) => i)
    for (const [offset, length] of [
      [0, 40],
      [4, 5],
      [3, 7],
      [1, 1],
    ])
      expect([
        ...new Uint8Array(await co.download(co.uploadSlice(bytes.subarray(offset, offset + length)))),
      ]).toEqual([...bytes.subarray(offset, offset + length)])
  })

  it('has every usage but INDIRECT by default, and only the requested ones otherwise', () => {
    const { VERTEX, INDEX, STORAGE, UNIFORM, TRANSFER_SRC, TRANSFER_DST } = MkBufferUsage
    const all = VERTEX | INDEX | STORAGE | UNIFORM | TRANSFER_SRC | TRANSFER_DST
    expect(co.uploadSlice(new Float32Array(4)).usage).toBe(all)
    expect(co.uploadSlice(new Float32Array(4), VERTEX | TRANSFER_DST).usage).toBe(VERTEX | TRANSFER_DST)
    const exclusive = new MkCoordinator(new DummyBackend({ capabilities: { indexIsExclusive: true } }))
    expect(exclusive.uploadSlice(new Float32Array(4)).usage).toBe(all & ~INDEX)
    exclusive.dispose()
  })
})
