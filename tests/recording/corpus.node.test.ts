// Recordings of games and of programs of the model test, made by tests/recordings/record.ts.
import { readdirSync, readFileSync } from 'node:fs'
import { openReplay } from '@memkit/coordinator/recording'
import type { MkGpu } from '@memkit/gpu'
import { place } from '@memkit/testing/place'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { crc32 } from '../../packages/coordinator/src/recording/crc32.ts'

const folder = new URL('../recordings/', import.meta.url)
const checksums = JSON.parse(readFileSync(new URL('checksums.json', folder), 'utf8')) as Record<
  string,
  string
>
const files = readdirSync(folder).filter((file) => file.endsWith('.mkrec'))

describe('the corpus', () => {
  let gpu: MkGpu
  beforeAll(async () => {
    gpu = await place.open()
  })
  afterAll(() => gpu.destroy())

  it('has a list of checksums for each file', () => {
    expect(Object.keys(checksums).sort()).toEqual(files.map((file) => file.replace('.mkrec', '')).sort())
  })

  it.each(Object.keys(checksums))(
    '%s shows on the device what it showed when it was recorded',
    async (name) => {
      const file = new Uint8Array(readFileSync(new URL(`${name}.mkrec`, folder)))
      const replay = await openReplay(file, { gpu })
      expect(replay.problem).toBeUndefined()
      const found: number[] = []
      const onDevice: Promise<number>[] = []
      do {
        found.push(replay.checksum)
        const reads = replay.mirrors.map(({ buffer }) => gpu.read(buffer))
        onDevice.push(
          Promise.all(reads).then((all) => all.reduce((crc, bytes) => crc32(new Uint8Array(bytes), crc), 0)),
        )
        if (onDevice.length % 16 === 0) await onDevice.at(-1)
      } while (replay.step())
      const expected = checksums[name].split(' ').map((sum) => parseInt(sum, 16))
      expect(found).toEqual(expected)
      expect(await Promise.all(onDevice)).toEqual(expected)
      replay.dispose()
    },
  )
})
