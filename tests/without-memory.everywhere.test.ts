import { MkCoordinator, type CoordinatorConfig, type FrameSlice, type Mirror } from '@memkit/coordinator'
import type { MkDeviceBuffer } from '@memkit/gpu'
import { shortPlaces } from '@memkit/testing/place'
import type { ShortGpu } from '@memkit/testing/place/place'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const ROWS = 1000

/**
 * What one buffer without memory does to the others: nothing.
 * @param answerMs how late the device says that there is no memory
 */
describe.each(Object.entries(shortPlaces))('on %s', (_, { open, answerMs }) => {
  describe('a buffer without memory', () => {
    let short: ShortGpu
    let co: MkCoordinator
    let warnings: string[]
    let value: number

    const answer = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, answerMs + 2))
    const start = async (config: CoordinatorConfig = {}): Promise<void> => {
      short = await open()
      co = new MkCoordinator(short.gpu, { strategy: 'scatter', calibrate: false, ...config })
      co.on('warning', ({ code }) => void warnings.push(code))
      await co.ready()
    }
    const frame = (work: () => void = () => undefined): ReturnType<MkCoordinator['endFrame']> => {
      co.beginFrame()
      work()
      return co.endFrame()
    }
    /** Writes every seventh row. */
    const change = (mirror: Mirror): void => {
      value++
      for (let row = value % 7; row < mirror.capacity; row += 7)
        mirror.write(row, new Uint32Array([value, row, value, row]))
    }
    const mirrorOf = (label: string, options: object = {}): Mirror =>
      co.createMirror({ rows: ROWS, stride: 16, label, ...options })
    /** Rows that differ from the device. */
    const wrongRows = async (mirror: Mirror): Promise<number> => {
      const device = new Uint32Array(await short.gpu.read(mirror.buffer))
      const cpu = mirror.view(Uint32Array)
      let wrong = 0
      for (let row = 0; row < mirror.capacity; row++) if (device[row * 4] !== cpu[row * 4]) wrong++
      return wrong
    }
    const firstWord = async (buffer: MkDeviceBuffer, offset: number): Promise<number> =>
      new Uint32Array(await short.gpu.read(buffer, offset, 4))[0]
    /** Two mirrors whose buffers are confirmed and hold all rows. */
    const twoMirrors = async (direction: 'upload' | 'both'): Promise<[Mirror, Mirror]> => {
      const pair: [Mirror, Mirror] = [mirrorOf('A', { direction }), mirrorOf('B')]
      frame(() => pair.forEach(change))
      await answer()
      frame()
      return pair
    }

    beforeEach(() => {
      warnings = []
      value = 0
    })
    afterEach(async () => {
      short.starveLabel(undefined)
      expect(short.uncaptured()).toEqual([])
      co.dispose()
      expect(short.gpu.leaks()).toEqual([])
      short.gpu.destroy()
    })

    it.each(['upload', 'both'] as const)(
      'that a mirror grew into (%s) delays only that mirror until there is memory',
      async (direction) => {
        await start()
        const [A, B] = await twoMirrors(direction)
        short.starveNext()
        A.grow(ROWS * 2)
        for (let i = 0; i < 2; i++) frame(() => [A, B].forEach(change))
        expect(B.dirty.count).toBe(0)
        expect(await wrongRows(B)).toBe(0)
        await answer()
        for (let i = 0; i < 4; i++) {
          frame(() => [A, B].forEach(change))
          await answer()
        }
        expect(A.buffer.size).toBe(ROWS * 2 * 16)
        expect([await wrongRows(A), await wrongRows(B), A.dirty.count]).toEqual([0, 0, 0])
        expect(warnings).toEqual(['MirrorOutOfMemory'])
      },
    )

    it.each(['both', 'download'] as const)(
      "that a mirror was created with (%s) doesn't delay the rows of another mirror",
      async (direction) => {
        await start()
        const [, B] = await twoMirrors('upload')
        short.starveNext()
        const made = mirrorOf('made', { direction })
        frame(() => [made, B].forEach(change))
        expect(B.dirty.count).toBe(0)
        expect(await wrongRows(B)).toBe(0)
        await answer()
        for (let i = 0; i < 4; i++) {
          frame(() => change(B))
          await answer()
        }
        expect([await wrongRows(B), await wrongRows(made), made.dirty.count]).toEqual([0, 0, 0])
        expect(warnings).toEqual(['MirrorOutOfMemory'])
      },
    )

    it("for a readback doesn't delay other mirrors, warns once, and later frames return the rows", async () => {
      await start()
      const [, B] = await twoMirrors('upload')
      const made = mirrorOf('made', { direction: 'both' })
      short.starveLabel('memkit readback')
      frame(() => [made, B].forEach(change))
      expect(await wrongRows(B)).toBe(0)
      for (let i = 0; i < 4; i++) {
        await answer()
        frame(() => change(B))
      }
      expect(await wrongRows(B)).toBe(0)
      expect(warnings).toEqual(['AllocationFailed'])
      short.starveLabel(undefined)
      short.gpu.write(made.buffer, 16 * 5, new Uint32Array([4711]).buffer)
      for (let i = 0; i < 5; i++) {
        frame()
        await answer()
      }
      expect(made.view(Uint32Array)[5 * 4]).toBe(4711)
      expect(warnings).toEqual(['AllocationFailed'])
    })

    it('makes download() reject with AllocationFailed, and affects nothing else', async () => {
      await start()
      const [A, B] = await twoMirrors('upload')
      short.starveNext()
      const poor = co.uploadSlice(new Uint32Array([1, 2, 3, 4]))
      await expect(co.download(poor)).rejects.toMatchObject({ code: 'AllocationFailed' })
      await expect(short.gpu.read(poor)).rejects.toMatchObject({ code: 'AllocationFailed' })
      poor.destroy()
      frame(() => change(B))
      short.starveLabel('memkit readback')
      await expect(co.download(A.buffer)).rejects.toMatchObject({ code: 'AllocationFailed' })
      short.starveLabel(undefined)
      expect(new Uint8Array(await co.download(A.buffer))).toEqual(
        new Uint8Array(await short.gpu.read(A.buffer)),
      )
      expect(await wrongRows(B)).toBe(0)
      expect(warnings).toEqual([])
    })

    it.each(['memkit scatter parameters', 'memkit scatter payload'])(
      'for scattering (%s) lets rows arrive another way, and scatter again once there is memory',
      async (label) => {
        short = await open()
        short.starveLabel(label)
        co = new MkCoordinator(short.gpu, { strategy: 'scatter', calibrate: false })
        co.on('warning', ({ code }) => void warnings.push(code))
        await co.ready()
        const B = mirrorOf('B')
        const strategies = new Set<string>()
        for (let i = 0; i < 5; i++) {
          const { mirrors } = frame(() => change(B))
          strategies.add(mirrors[0].strategy)
          await answer()
          expect(await wrongRows(B)).toBe(0)
        }
        expect(strategies).not.toContain('scatter')
        short.starveLabel(undefined)
        // Asked for again in the frames 1, 2, 4 … after a failure.
        for (let i = 0; i < 16; i++) {
          frame(() => change(B))
          await answer()
        }
        expect(frame(() => change(B)).mirrors[0].strategy).toBe('scatter')
        expect(await wrongRows(B)).toBe(0)
        expect(warnings).toEqual([])
      },
    )

    it('for frame memory or a spill warns once, and slices arrive once there is memory', async () => {
      const said: string[][] = []
      for (const label of ['memkit frame buffer', 'memkit frame buffer spill']) {
        if (said.length > 0) {
          co.dispose()
          short.gpu.destroy()
          warnings = []
        }
        short = await open()
        short.starveLabel(label)
        co = new MkCoordinator(short.gpu, { calibrate: false, frameBufferBytes: 1024 })
        co.on('warning', ({ code }) => void warnings.push(code))
        await co.ready()
        let pieces: FrameSlice[] = []
        const stage = (): void => {
          value++
          const words = (count: number): FrameSlice =>
            co.stageForUpload(co.frameAlloc(Uint32Array, count).fill(value))
          pieces = [words(100), words(200), words(300)]
        }
        const arrived = async (): Promise<number> => {
          let count = 0
          for (const { buffer, offset } of pieces)
            if ((await firstWord(buffer, offset).catch(() => -1)) === value) count++
          return count
        }
        for (let i = 0; i < 3; i++) {
          frame(stage)
          await answer()
        }
        short.starveLabel(undefined)
        frame(stage)
        await answer()
        frame(stage)
        expect(await arrived()).toBe(3)
        said.push(warnings)
      }
      expect(said).toEqual([['AllocationFailed'], ['AllocationFailed']])
    })

    it('for a bigger frame buffer makes frames spill, loses nothing, and warns once', async () => {
      await start({ frameBufferBytes: 1024 })
      let pieces: FrameSlice[] = []
      const stage = (): void => {
        value++
        const piece = (): FrameSlice => co.stageForUpload(co.frameAlloc(Uint32Array, 200).fill(value))
        pieces = [piece(), piece(), piece()]
      }
      short.starveLabel('memkit frame buffer')
      const { frameBufferGeneration } = co
      for (let i = 0; i < 12; i++) {
        frame(stage)
        for (const { buffer, offset } of pieces) expect(await firstWord(buffer, offset)).toBe(value)
        await answer()
      }
      expect(co.frameBufferGeneration).toBe(frameBufferGeneration)
      short.starveLabel(undefined)
      for (let i = 0; i < 10; i++) {
        frame(stage)
        await answer()
      }
      expect(frame(stage).spills).toBe(0)
      expect(co.frameBufferGeneration).toBe(frameBufferGeneration + 1)
      for (const { buffer, offset } of pieces) expect(await firstWord(buffer, offset)).toBe(value)
      expect(warnings).toEqual(['AllocationFailed'])
    })

    it('for a mirror, for a long time, replaces the bound buffer twice, not at every try', async () => {
      await start()
      const [A] = await twoMirrors('both')
      const { generation, buffer } = A
      short.starveLabel('A')
      A.grow(ROWS * 2)
      for (let i = 0; i < 20; i++) {
        frame(() => change(A))
        // The device has not answered yet when the next frame could take what was asked for.
        frame(() => change(A))
        await answer()
        if (i > 0) expect(A.buffer).toBe(buffer)
      }
      // To the bigger one, and back.
      expect(A.generation).toBe(generation + 2)
      expect(warnings).toEqual(['MirrorOutOfMemory'])
      short.starveLabel(undefined)
      for (let i = 0; i < 40; i++) {
        frame(() => change(A))
        await answer()
      }
      expect(A.generation).toBe(generation + 3)
      expect([await wrongRows(A), A.dirty.count]).toEqual([0, 0])
    })
  })
})
