import { beforeEach, describe, expect, it } from 'vitest'
import { BufferingMode, MkCoordinator } from '@memkit/coordinator'
import { DummyBackend, MkBufferUsage, type MkDeviceBuffer } from '@memkit/gpu'
import { frame } from './device-bytes.ts'

const { TRANSFER_DST, TRANSFER_SRC } = MkBufferUsage

let co: MkCoordinator
beforeEach(() => {
  co = new MkCoordinator(new DummyBackend(), { frameBufferBytes: 4096 })
  return () => co.dispose()
})

async function words(
  buffer: MkDeviceBuffer,
  offset = 0,
  count = (buffer.size - offset) / 4,
): Promise<number[]> {
  return [...new Uint32Array(await co.download(buffer, offset, count * 4))]
}

function piece(length: number, value: number): Uint32Array<ArrayBuffer> {
  return co.frameAlloc(Uint32Array, length).fill(value)
}

describe('without a target', () => {
  it('uploads all slices of a frame in one call, each at its offset', async () => {
    co.beginFrame()
    const a = co.stageForUpload(piece(1, 11))
    piece(100, 99) // never staged
    const b = co.stageForUpload(piece(5, 22))
    const c = co.stageForUpload(piece(16, 33))
    const report = co.endFrame()
    // 256 is the larger of the Dummy's binding alignments; sizes are padded to 16.
    expect([a, b, c].map(({ offset, size }) => [offset, size])).toEqual([
      [0, 16],
      [256, 32],
      [512, 64],
    ])
    expect(report).toMatchObject({ writes: 1, bytesChanged: 4 + 20 + 64, bytesUploaded: 512 + 64, spills: 0 })
    expect(await words(a.buffer, a.offset, 4)).toEqual([11, 0, 0, 0])
    expect(await words(b.buffer, b.offset, 8)).toEqual([22, 22, 22, 22, 22, 0, 0, 0])
    expect(await words(c.buffer, c.offset, 16)).toEqual(Array.from({ length: 16 }, () => 33))
  })

  it('zeroes the padding of a slice', async () => {
    frame(co, () => co.stageForUpload(piece(400, 0xffff_ffff)))
    co.beginFrame()
    const [a, b] = [piece(1, 11), piece(5, 22)].map((view) => co.stageForUpload(view))
    co.endFrame()
    expect(await words(a.buffer, a.offset, 4)).toEqual([11, 0, 0, 0])
    expect(await words(b.buffer, b.offset, 8)).toEqual([22, 22, 22, 22, 22, 0, 0, 0])
  })

  it('reads the bytes in endFrame, not in stageForUpload', async () => {
    co.beginFrame()
    const view = piece(4, 1)
    const slice = co.stageForUpload(view)
    view.fill(2)
    co.endFrame()
    expect(await words(slice.buffer, slice.offset, 4)).toEqual([2, 2, 2, 2])
  })

  it('gives equal offsets in the same buffer to frames with the same staging order', () => {
    const places: string[] = []
    const buffers = new Set<MkDeviceBuffer>()
    for (let i = 0; i < 7; i++) {
      frame(co, () => {
        const a = co.stageForUpload(piece(3, i))
        const b = co.stageForUpload(piece(64, i))
        places.push(`${a.offset} ${b.offset}`)
        buffers.add(a.buffer).add(b.buffer)
      })
    }
    expect(new Set(places)).toEqual(new Set(['0 256']))
    expect(buffers.size).toBe(1)
    expect(co.frameBufferGeneration).toBe(1)
  })

  it('spills what does not fit to another buffer, and grows the frame buffer before the next frame', async () => {
    const slices = []
    co.beginFrame()
    for (let i = 0; i < 6; i++) slices.push(co.stageForUpload(piece(256, i + 1)))
    const report = co.endFrame()
    // 4 pieces of 1 024 bytes fill 4 096; two spill into one more buffer, which is one more write.
    expect(new Set(slices.map(({ buffer }) => buffer)).size).toBe(2)
    expect(report).toMatchObject({ spills: 2, writes: 2 })
    for (const [i, { buffer, offset }] of slices.entries())
      expect(await words(buffer, offset, 256)).toEqual(Array.from({ length: 256 }, () => i + 1))

    const again = frame(co, () => {
      for (let i = 0; i < 6; i++) co.stageForUpload(piece(256, i))
    })
    expect(again).toMatchObject({ spills: 0, writes: 1, reallocations: 1 })
    expect(co.frameBuffer.size).toBe(8192)
    expect(co.frameBufferGeneration).toBe(2)
  })

  it('destroys replaced and spilled buffers a few frames later', async () => {
    frame(co, () => {
      for (let i = 0; i < 6; i++) co.stageForUpload(piece(256, i))
    })
    await new Promise((resolve) => setTimeout(resolve))
    for (let i = 0; i < 8; i++) frame(co, () => {})
    expect(co.gpu.leaks().filter(({ label }) => label.includes('frame buffer'))).toHaveLength(1)
    expect(co.stats.deferredFrees).toBe(0)
  })

  it('rotates per-slot frame buffers', () => {
    const rotating = new MkCoordinator(new DummyBackend(), {
      frameBuffers: 'per-slot',
      buffering: BufferingMode.Double,
    })
    const buffers: MkDeviceBuffer[] = []
    for (let i = 0; i < 4; i++)
      frame(rotating, () => buffers.push(rotating.stageForUpload(rotating.frameAlloc(Uint32Array, 4)).buffer))
    expect(buffers[0]).toBe(buffers[2])
    expect(buffers[1]).toBe(buffers[3])
    expect(buffers[0]).not.toBe(buffers[1])
    rotating.dispose()
  })

  it('keeps frame memory until its slot is reused', () => {
    co.beginFrame()
    const kept = piece(4, 42)
    co.endFrame()
    frame(co, () => piece(4, 1))
    frame(co, () => piece(4, 2))
    expect([...kept]).toEqual([42, 42, 42, 42])
    frame(co, () => piece(4, 3))
    expect([...kept]).toEqual([3, 3, 3, 3])
  })
})

describe('with a target', () => {
  let target: MkDeviceBuffer
  beforeEach(() => {
    target = co.gpu.createDeviceBuffer(64, TRANSFER_DST | TRANSFER_SRC, { label: 'mine' })
  })

  it('merges adjacent slices into one write, in any order', async () => {
    const report = frame(co, () => {
      co.stageForUpload(piece(2, 3), { buffer: target, offset: 16 })
      co.stageForUpload(piece(2, 1), { buffer: target, offset: 0 })
      co.stageForUpload(piece(2, 2), { buffer: target, offset: 8 })
      co.stageForUpload(piece(1, 9), { buffer: target, offset: 60 })
    })
    expect(report.writes).toBe(2)
    expect(await words(target)).toEqual([1, 1, 2, 2, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9])
  })

  it('leaves the bytes between separate slices alone', async () => {
    co.gpu.write(target, 0, new Uint32Array(16).fill(7).buffer)
    const report = frame(co, () => {
      co.stageForUpload(piece(2, 1), { buffer: target, offset: 0 })
      co.stageForUpload(piece(2, 2), { buffer: target, offset: 12 })
    })
    expect(report.writes).toBe(2)
    expect(await words(target, 0, 6)).toEqual([1, 1, 7, 2, 2, 7])
  })

  it('lets the later of two overlapping slices win', async () => {
    const report = frame(co, () => {
      co.stageForUpload(piece(4, 1), { buffer: target, offset: 8 })
      co.stageForUpload(piece(4, 2), { buffer: target, offset: 0 })
      co.stageForUpload(piece(1, 3), { buffer: target, offset: 12 })
      co.stageForUpload(piece(8, 4), { buffer: target, offset: 16 })
    })
    expect(report.writes).toBe(1)
    expect(await words(target, 0, 12)).toEqual([2, 2, 2, 3, 4, 4, 4, 4, 4, 4, 4, 4])
  })

  it('keeps destinations apart', async () => {
    const other = co.gpu.createDeviceBuffer(64, TRANSFER_DST | TRANSFER_SRC)
    const report = frame(co, () => {
      co.stageForUpload(piece(1, 1), { buffer: target, offset: 0 })
      co.stageForUpload(piece(1, 2), { buffer: other, offset: 4 })
      co.stageForUpload(piece(1, 3), { buffer: target, offset: 4 })
      co.stageForUpload(piece(1, 4), { buffer: other, offset: 0 })
    })
    expect(report.writes).toBe(2)
    expect(await words(target, 0, 2)).toEqual([1, 3])
    expect(await words(other, 0, 2)).toEqual([4, 2])
  })

  it('skips a target destroyed before endFrame with a warning, and uploads the rest', async () => {
    const warnings: string[] = []
    co.on('warning', ({ code }) => warnings.push(code))
    const gone = co.gpu.createDeviceBuffer(64, TRANSFER_DST)
    frame(co, () => {
      co.stageForUpload(piece(1, 1), { buffer: gone, offset: 0 })
      co.stageForUpload(piece(1, 2), { buffer: target, offset: 0 })
      gone.destroy()
    })
    expect(await words(target, 0, 1)).toEqual([2])
    expect(warnings).toEqual(['StagedIntoDestroyed'])
  })
})

describe('a frame that goes wrong', () => {
  it('drops what was staged when beginFrame is called twice, keeps dirty rows, warns, and counts it', async () => {
    const warnings: string[] = []
    co.on('warning', ({ code }) => warnings.push(code))
    const mirror = co.createMirror({ rows: 4, stride: 4 })
    const target = co.gpu.createDeviceBuffer(16, TRANSFER_DST | TRANSFER_SRC)
    co.beginFrame()
    co.stageForUpload(piece(4, 1))
    co.stageForUpload(piece(4, 1), { buffer: target, offset: 0 })
    mirror.write(2, new Uint32Array([7]))
    co.beginFrame()
    const report = co.endFrame()
    expect(await words(target)).toEqual([0, 0, 0, 0])
    expect(report).toMatchObject({ abandoned: 1, bytesChanged: 4, writes: 1 })
    expect(await words(mirror.buffer)).toEqual([0, 0, 7, 0])
    expect(warnings).toEqual(['FrameAbandoned'])
    expect(frame(co, () => {}).abandoned).toBe(0)
  })

  it('takes spill blocks when the arena is too small, then names the option to raise', () => {
    const small = new MkCoordinator(new DummyBackend(), { frameArenaBytes: 1024 })
    small.beginFrame()
    for (let i = 0; i < 16; i++) small.frameAlloc(Uint8Array, 1024)
    expect(() => small.frameAlloc(Uint8Array, 1024)).toThrow(/frameArenaBytes/)
    expect(small.endFrame().spills).toBe(15)
    small.dispose()
  })
})
