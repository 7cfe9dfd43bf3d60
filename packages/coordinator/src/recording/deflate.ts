import { BadRecording } from './errors.ts'

export function canDeflate(): boolean {
  return typeof CompressionStream === 'function'
}

/** Deflates pieces as one stream, without a header (RFC 1951). */
export async function deflate(pieces: Uint8Array<ArrayBuffer>[]): Promise<Blob> {
  const stream = new Blob(pieces).stream().pipeThrough(new CompressionStream('deflate-raw'))
  return new Response(stream).blob()
}

/** What could be inflated, and why the rest could not. */
export interface Inflated {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly problem: BadRecording | undefined
}

/** Inflates as much as there is, but no more than `maxBytes`. */
export async function inflate(body: Uint8Array<ArrayBuffer>, maxBytes: number): Promise<Inflated> {
  const pieces: Uint8Array[] = []
  let length = 0
  let problem: BadRecording | undefined
  const fail = (reason: string): void => {
    problem = new BadRecording({ offset: length, reason })
  }
  const reader = new Blob([body]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      if (length + value.length > maxBytes) {
        fail(`inflated it has more than ${maxBytes} bytes`)
        await reader.cancel()
        break
      }
      pieces.push(value)
      length += value.length
    }
  } catch {
    fail('what follows can’t be inflated')
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return { bytes, problem }
}
