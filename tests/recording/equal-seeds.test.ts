import { createHash } from 'node:crypto'
import { expect, it, vi } from 'vitest'

/** Plays the demo with components that no other game has used. */
async function playedOnce(seed: number): Promise<string> {
  vi.resetModules()
  const { recordDemo } = await import('./record-demo.ts')
  const file = await recordDemo(seed)
  return createHash('sha256')
    .update(new Uint8Array(await file.arrayBuffer()))
    .digest('hex')
}

it('equal seeds give equal files, to the last byte, and other seeds others', async () => {
  const first = await playedOnce(7)
  expect(await playedOnce(7)).toBe(first)
  expect(await playedOnce(9)).not.toBe(first)
}, 60_000)
