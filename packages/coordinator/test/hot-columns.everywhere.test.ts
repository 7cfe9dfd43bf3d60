import { expect, it } from 'vitest'
import { createHeap, pitchFor } from '@memkit/core'
import { createColumnMirror, MkCoordinator, tableCosts } from '@memkit/coordinator'
import { places } from '@memkit/testing/place'
import { integersFrom } from '@memkit/testing/random'
import { difference, Game } from './column-game.ts'
import { frame } from './device-bytes.ts'

const [{ open }] = Object.values(places)
const floats = ['a', 'b', 'c'].map((name) => ({ name, elementBytes: 4, arity: 1 }) as const)

/** Three columns that lie in the heap as on the device, compared in every frame. */
async function started(rows: number) {
  const gpu = await open()
  const heap = createHeap({ bytes: 16 << 20 })
  const co = new MkCoordinator(gpu, { heap, costs: tableCosts.webgpu, calibrate: false })
  await co.ready()
  const pitch = pitchFor(rows)
  const { offset } = heap.alloc(pitch * 3 * 4, 256, 'store')
  const arrays = floats.map((_, i) => new Float32Array(heap.buffer, offset + i * pitch * 4, pitch))
  const mirror = createColumnMirror(co, { rows, columns: floats, changes: 'detect' })
  arrays.forEach((array, i) => mirror.bind(i, array))
  await mirror.buffer.allocationError
  const step = (move: () => void) =>
    frame(co, () => {
      move()
      mirror.detect()
    })
  let turn = 0
  const moveAll = (column: Float32Array): void => {
    turn++
    for (let i = 0; i < rows; i++) column[i] = turn + i
  }
  const close = (): void => {
    co.dispose()
    gpu.destroy()
  }
  return { co, mirror, arrays, step, moveAll, close }
}

it('sends columns that all change in one write, and nothing once they rest', async () => {
  const { co, mirror, arrays, step, moveAll, close } = await started(5000)
  for (let i = 0; i < 200; i++) {
    const report = step(() => arrays.forEach(moveAll))
    expect(report.mirrors[0].strategy).toBe('full')
    expect(report.apiCalls).toBe(1)
    if (i % 20 === 0) expect(await difference(co, mirror, arrays), `frame ${i}`).toBeUndefined()
  }
  // Once more from the copy, and then they are known to be as they were.
  expect(step(() => {}).apiCalls).toBe(1)
  expect(await difference(co, mirror, arrays)).toBeUndefined()
  expect(step(() => {}).apiCalls).toBe(0)
  close()
})

it('takes values that are written after a compare along, in columns that are hot', async () => {
  const { co, mirror, arrays, step, moveAll, close } = await started(5000)
  for (let i = 0; i < 4; i++) step(() => arrays.forEach(moveAll))
  frame(co, () => {
    arrays.forEach(moveAll)
    mirror.detect()
    arrays[1][3] = -1
  })
  expect(await difference(co, mirror, arrays)).toBeUndefined()
  close()
})

it('sends a hot column beside one that rests, without the latter', async () => {
  const { co, mirror, arrays, step, moveAll, close } = await started(5000)
  step(() => arrays.forEach(moveAll))
  for (let i = 0; i < 10; i++) {
    const report = step(() => moveAll(arrays[1]))
    expect(report.bytesUploaded).toBeLessThan(1.1 * arrays[1].byteLength)
  }
  expect(await difference(co, mirror, arrays)).toBeUndefined()
  close()
})

it('compares a column again of which a few words change now', async () => {
  const { co, mirror, arrays, step, moveAll, close } = await started(5000)
  for (let i = 0; i < 10; i++) step(() => arrays.forEach(moveAll))
  step(() => (arrays[0][70] = -1))
  const report = step(() => (arrays[0][71] = -1))
  expect(report.bytesUploaded).toBeLessThan(100)
  expect(await difference(co, mirror, arrays)).toBeUndefined()
  close()
})

it('sends rows that come into use in the frame in which columns cool', async () => {
  const { co, mirror, arrays, step, moveAll, close } = await started(5000)
  mirror.used = 3000
  for (let i = 0; i < 5; i++) step(() => arrays.forEach(moveAll))
  step(() => {
    mirror.used = 5000
    arrays[2][4000] = 7
  })
  expect(await difference(co, mirror, arrays)).toBeUndefined()
  close()
})

it.each([2000, 4000, 4800])(
  'reads nothing beyond the rows in use from arrays that are hot (%i rows)',
  async (used) => {
    const { co, mirror, arrays, step, moveAll, close } = await started(5000)
    mirror.used = used
    step(() => arrays.forEach((array) => array.fill(0)))
    // Two of three move, so that it's runs with gaps between them that go up.
    for (let i = 0; i < 5; i++) step(() => arrays.slice(0, 2).forEach(moveAll))
    // Only one write for all sections has what lies between them.
    const held = new Float32Array(await co.download(mirror.buffer))
    const beyond = mirror.sections.slice(0, 2).map(({ offset }) => held[offset / 4 + used + 10])
    if (used < 4500) expect(beyond).toEqual([0, 0])
    step(() => {})
    // Back to what the copies have there, before those rows are used for the first time.
    step(() => {
      arrays.forEach((array) => array.fill(0, used))
      mirror.used = 5000
    })
    expect(await difference(co, mirror, arrays)).toBeUndefined()
    step(() => mirror.markAll())
    for (let i = 0; i < 5; i++) step(() => arrays.forEach(moveAll))
    frame(co, () => mirror.markAll())
    expect(await difference(co, mirror, arrays)).toBeUndefined()
    close()
  },
)

it('has what markAll copied, also where a compare behind it finds columns that move all over', async () => {
  const { co, mirror, arrays, step, moveAll, close } = await started(5000)
  mirror.used = 2000
  step(() => {})
  step(() => arrays.forEach(moveAll))
  frame(co, () => {
    arrays.forEach(moveAll)
    mirror.markAll()
    for (const array of arrays) array.fill(-1, 0, 2000)
    mirror.detect()
  })
  step(() => {})
  step(() => (mirror.used = 5000))
  expect(await difference(co, mirror, arrays)).toBeUndefined()
  close()
})

it('has the bytes of the columns after every frame, whatever becomes hot, shrinks, grows or is replaced', async () => {
  for (let seed = 1; seed <= 4; seed++) {
    const random = integersFrom(seed * 13)
    const gpu = await open()
    const co = new MkCoordinator(gpu, { heapBytes: 8 << 20, costs: tableCosts.dummy, calibrate: false })
    await co.ready()
    const game = new Game(co, 'detect', random)
    game.growTo(300 + random(2500))
    let hot = 0
    for (let i = 0; i < 120; i++) {
      if (hot === 0 && random(6) === 0) hot = random(90)
      if (random(20) === 0) hot = 0
      if (hot > 0) hot--
      frame(co, () => {
        if (hot > 0) game.moveAll()
        if (hot === 0 || random(15) === 0) game.step()
        if (random(12) === 0) game.shrinkTo(1 + random(2000))
        game.stage()
      })
      expect(await difference(co, game.mirror, game.arrays), `seed ${seed}, frame ${i}`).toBeUndefined()
    }
    co.dispose()
    gpu.destroy()
  }
})
