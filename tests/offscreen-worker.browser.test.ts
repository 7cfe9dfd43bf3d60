import { expect, it } from 'vitest'
import type { GameOver, StartGame } from './workers/offscreen-game.browser.ts'

/** Rows of the image in which a pixel of the column is white. */
function whiteRows(image: ImageData, x: number): number[] {
  const rows: number[] = []
  for (let y = 0; y < image.height; y++) if (image.data[(y * image.width + x) * 4] > 127) rows.push(y)
  return rows
}

it('shows what a dedicated worker synced that owns world, device and canvas', async () => {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 64
  document.body.append(canvas)
  const offscreen = canvas.transferControlToOffscreen()
  const worker = new Worker(new URL('./workers/offscreen-game.browser.ts', import.meta.url), {
    type: 'module',
  })
  const over = new Promise<GameOver>((resolve, reject) => {
    worker.addEventListener('message', ({ data }: MessageEvent<GameOver>) => resolve(data))
    worker.addEventListener('error', ({ message }) => reject(new Error(message)))
  })
  worker.postMessage({ canvas: offscreen, squares: 5, size: 4, frames: 20 } satisfies StartGame, [offscreen])
  expect(await over).toEqual({ frames: 20, mismatches: 0, errors: [] })

  // The page composes what the worker drew a moment later.
  const flat = document.createElement('canvas')
  flat.width = flat.height = 64
  const context = flat.getContext('2d', { willReadFrequently: true })!
  const image = (): ImageData => {
    context.drawImage(canvas, 0, 0)
    return context.getImageData(0, 0, 64, 64)
  }
  // After 20 frames the squares, 4 pixels high, are at y = 20; 4 pixels wide and 4 apart.
  await expect.poll(() => whiteRows(image(), 0), { timeout: 5000 }).toEqual([20, 21, 22, 23])
  const white: number[] = []
  for (let x = 0; x < 64; x++) if (whiteRows(image(), x).length > 0) white.push(x)
  expect(white).toEqual([0, 8, 16, 24, 32].flatMap((x) => [x, x + 1, x + 2, x + 3]))
  worker.terminate()
  canvas.remove()
})
