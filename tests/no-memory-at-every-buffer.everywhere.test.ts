import { MkCoordinator, type Mirror } from '@memkit/coordinator'
import { shortPlaces } from '@memkit/testing/place'
import type { ShortPlace } from '@memkit/testing/place/place'
import { describe, expect, it } from 'vitest'

const tick = (ms = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Runs a program once for each buffer that it makes, and lets the device have no memory for that one, or for it and the next: mirrors, growth of
 * one over the other, scatter's own, frame memory, spills, readbacks. No other mirror loses a row, and a warning says so.
 *
 * @param answerMs how late the device says that there is no memory
 */
describe.each(Object.entries(shortPlaces))('%s', (_, { open, answerMs }) => {
  it.each([1, 2])(
    'uploads all rows and warns when %i buffers in a row have no memory',
    { timeout: 400_000 },
    async (count) => {
      const { buffers } = await play(open, [], answerMs)
      expect(buffers).toBeGreaterThan(12)
      const wrong: string[] = []
      for (let k = 1; k <= buffers; k++) {
        const starved = Array.from({ length: count }, (_, i) => k + i)
        const { found } = await play(open, starved, answerMs)
        wrong.push(
          ...found.map((what) => `no memory for buffers ${starved.join(', ')} of ${buffers}: ${what}`),
        )
      }
      expect(wrong).toEqual([])
    },
  )
})

async function play(
  open: ShortPlace['open'],
  starved: readonly number[],
  answerMs: number,
): Promise<{ buffers: number; found: string[] }> {
  const { gpu, made, starve } = await open()
  gpu.onError(() => undefined)
  starve(starved)
  const co = new MkCoordinator(gpu, { strategy: 'scatter', calibrate: false, frameBufferBytes: 1024 })
  let said = 0
  co.on('warning', () => void said++)
  const before = made()
  await co.ready()
  // Without its own buffers nothing scatters until there is memory: nothing is lost, nothing is said.
  const [quietFrom, quietTo] = [before + 1, made()]
  const expected = new Map<Mirror, Uint32Array>()
  const make = (label: string, rows: number, direction: 'upload' | 'both'): Mirror => {
    const mirror = co.createMirror({ rows, stride: 16, label, direction })
    expected.set(mirror, new Uint32Array(4096))
    return mirror
  }
  const put = (mirror: Mirror, row: number, value: number): void => {
    mirror.write(row, new Uint32Array([value, 0, 0, 0]))
    expected.get(mirror)![row] = value
  }
  const frame = (work: () => void = () => undefined): void => {
    co.beginFrame()
    work()
    co.endFrame()
  }
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 4; i++) {
      await tick(answerMs)
      frame()
    }
  }
  const some = (mirror: Mirror, from: number): void => {
    for (let row = from % 7; row < mirror.capacity; row += 7) put(mirror, row, from + row)
  }
  const stage = (value: number, words: number) =>
    co.stageForUpload(co.frameAlloc(Uint32Array, words).fill(value))
  const up = make('up', 500, 'upload')
  const both = make('both', 60, 'both')
  const other = make('other', 60, 'both')
  const all = [up, both, other]
  frame(() => all.forEach((mirror) => some(mirror, 1000)))
  frame(() => all.forEach((mirror) => some(mirror, 2000)))
  await settle()
  // The device writes a row that the CPU does not know of before the mirror grows.
  if (other.device.slice) {
    gpu.write(other.buffer, 16 * 6, new Uint32Array([77, 0, 0, 0]).buffer)
    expected.get(other)![6] = 77
  }
  frame(() => {
    both.grow(100)
    other.grow(100)
    all.forEach((mirror) => some(mirror, 3001))
    stage(1, 200)
    stage(2, 300)
  })
  frame(() => {
    both.grow(300)
    up.grow(1200)
    all.forEach((mirror) => some(mirror, 4002))
    stage(3, 600)
  })
  const late = make('late', 40, 'both')
  const outcome = gpu.read((up.device.slice ?? late.device.slice)?.buffer as never).then(
    () => 0,
    () => void said++,
  )
  frame(() => [...all, late].forEach((mirror) => some(mirror, 5003)))
  await outcome
  await settle()
  const buffers = made()
  const hit = starved.some((at) => at <= buffers && (at < quietFrom || at > quietTo))
  starve([])
  for (let i = 0; i < 12; i++) await settle()
  const found: string[] = []
  if (hit && said === 0) found.push(`${said} words said`)
  for (const [mirror, rows] of expected) {
    const device = new Uint32Array(await gpu.read(mirror.buffer))
    const cpu = mirror.view(Uint32Array)
    let wrong = 0
    let apart = 0
    for (let row = 0; row < mirror.capacity; row++) {
      if (device[row * 4] !== rows[row]) wrong++
      if (cpu[row * 4] !== rows[row]) apart++
    }
    if (wrong + apart > 0)
      found.push(`${mirror.label}: ${wrong} rows wrong on the device, ${apart} on the CPU`)
    if (mirror.dirty.count > 0) found.push(`${mirror.label}: ${mirror.dirty.count} rows dirty`)
  }
  co.beginFrame()
  const slices = [stage(8, 100), stage(9, 500)]
  co.endFrame()
  for (const [i, { buffer, offset }] of slices.entries())
    if (new Uint32Array(await gpu.read(buffer, offset, 4))[0] !== 8 + i)
      found.push(`staged piece ${i} is not there`)
  if (!gpu.scatterReady) found.push('scatter is not ready')
  co.dispose()
  const left = gpu.leaks().map(({ label }) => label)
  if (left.length > 0) found.push(`left: ${left.join(', ')}`)
  gpu.destroy()
  return { buffers, found }
}
