/// <reference types="@webgpu/types" preserve="true" />
import type { MkCallCounts } from '../capabilities.ts'
import { allocate } from './allocate.ts'
import type { Answer, ErrorScopes } from './error-scopes.ts'

/** Parameter blocks per uniform buffer. A frame has one scatter per mirror; more take a further buffer. */
const BLOCKS = 64
/** Words of one parameter block in the shader; the rest of a block is alignment. */
export const PARAM_WORDS = 6

const LABEL = 'memkit scatter parameters'

/** Uniform memory for up to `BLOCKS` scatters of one submit, and what the CPU last wrote into it. */
export interface ParameterChunk {
  readonly buffer: GPUBuffer
  readonly words: Uint32Array<ArrayBuffer>
  /** Blocks taken since the last submit. */
  used: number
  /** First and last block that differ from what the device has; none when from > to. */
  dirtyFrom: number
  dirtyTo: number
  confirmed: boolean
  readonly answer: Answer
  /** The answer, until it has come. */
  answers: readonly Answer[]
}

/**
 * Memory for the parameters of the scatters of one submit. Chunks are used once the device has confirmed
 * them; one without memory is dropped, and made again on the next request. A steady submit allocates
 * nothing and sends only what changed.
 */
export class ScatterParameters {
  readonly #device: GPUDevice
  readonly #calls: MkCallCounts
  readonly #scopes: ErrorScopes
  /** Bytes per parameter block. */
  readonly blockBytes: number
  readonly #chunks: ParameterChunk[] = []
  /** Byte of the block that was taken last, in its chunk. */
  offset = 0

  constructor(device: GPUDevice, calls: MkCallCounts, scopes: ErrorScopes) {
    this.#device = device
    this.#calls = calls
    this.#scopes = scopes
    this.blockBytes = Math.max(PARAM_WORDS * 4, device.limits.minUniformBufferOffsetAlignment)
  }

  /** Scatters that may still be recorded before the next submit in confirmed memory. */
  get room(): number {
    let room = 0
    for (const { confirmed, used } of this.#chunks) if (confirmed) room += BLOCKS - used
    return room
  }

  /** There is confirmed memory, taken or not. */
  get ready(): boolean {
    return this.#chunks.some(isConfirmed)
  }

  /** Asks for memory for so many scatters per submit; resolves to whether there is any for one. */
  async provide(scatters: number): Promise<boolean> {
    while (this.#chunks.length * BLOCKS < scatters) this.#add()
    await Promise.all(this.#chunks.map(({ answer }) => answer))
    return this.ready
  }

  /** What the device will say about the memory of the next block that is taken without room. */
  get beyond(): Answer {
    return (this.#roomy(false) ?? this.#add()).answer
  }

  /** Takes the next block, at `offset` of its chunk, and fills it; from unconfirmed chunks last. */
  take(values: Uint32Array): ParameterChunk {
    const chunk = this.#roomy(true) ?? this.#roomy(false) ?? this.#add()
    const block = chunk.used++
    this.offset = block * this.blockBytes
    const at = this.offset >>> 2
    for (let i = 0; i < PARAM_WORDS; i++) {
      if (chunk.words[at + i] === values[i]) continue
      chunk.words[at + i] = values[i]
      chunk.dirtyFrom = Math.min(chunk.dirtyFrom, block)
      chunk.dirtyTo = Math.max(chunk.dirtyTo, block)
    }
    return chunk
  }

  /** Sends what was taken. Right before the submit: a write acts when called. */
  flush(): void {
    for (const chunk of this.#chunks) {
      const { answers, buffer, words } = chunk
      chunk.used = 0
      if (chunk.dirtyFrom > chunk.dirtyTo) continue
      const from = chunk.dirtyFrom * this.blockBytes
      const size = (chunk.dirtyTo + 1) * this.blockBytes - from
      this.#scopes.open(answers)
      this.#device.queue.writeBuffer(buffer, from, words.buffer, from, size)
      this.#scopes.close(answers, 'scatter', LABEL)
      this.#calls.writes++
      this.#calls.bytesWritten += size
      chunk.dirtyFrom = BLOCKS
      chunk.dirtyTo = -1
    }
  }

  destroy(): void {
    for (const chunk of this.#chunks) chunk.buffer.destroy()
    this.#chunks.length = 0
  }

  #roomy(confirmed: boolean): ParameterChunk | undefined {
    for (const chunk of this.#chunks) if (chunk.confirmed === confirmed && chunk.used < BLOCKS) return chunk
    return undefined
  }

  #add(): ParameterChunk {
    const size = BLOCKS * this.blockBytes
    const usage = 0x40 | 0x8 // UNIFORM | COPY_DST
    const { buffer, answer } = allocate(this.#device, { label: LABEL, size, usage })
    const chunk: ParameterChunk = {
      buffer,
      words: new Uint32Array(size >>> 2),
      used: 0,
      dirtyFrom: BLOCKS,
      dirtyTo: -1,
      confirmed: false,
      answers: [answer],
      answer: answer.then((error) => {
        chunk.confirmed = error === undefined
        chunk.answers = []
        const at = error ? this.#chunks.indexOf(chunk) : -1
        if (at >= 0) this.#chunks.splice(at, 1)[0].buffer.destroy()
        return error
      }),
    }
    this.#chunks.push(chunk)
    return chunk
  }
}

const isConfirmed = ({ confirmed }: ParameterChunk): boolean => confirmed
