/// <reference types="@webgpu/types" preserve="true" />
import type { MkCallCounts } from '../backend.ts'
import { AllocationFailed } from '../errors.ts'
import type { Answer, UnconfirmedBuffers } from './unconfirmed-buffers.ts'

/** Parameter blocks per uniform buffer. A frame has one scatter per mirror; more take a further buffer. */
const BLOCKS = 64
/** Words of one parameter block in the shader; the rest of a block is alignment. */
export const PARAM_WORDS = 6

const LABEL = 'memkit scatter parameters'

/** Uniform memory for the parameters of up to `BLOCKS` scatters of one submit, and what the CPU last wrote into it. */
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
}

/**
 * Memory for the parameters of the scatters of one submit. Chunks are used once the device has confirmed them; one that has no memory is
 * dropped, and made again when it is asked for again. A steady submit allocates nothing, and what is as it was is not sent.
 */
export class ScatterParameters {
  readonly #device: GPUDevice
  readonly #calls: MkCallCounts
  readonly #unconfirmed: UnconfirmedBuffers
  /** Bytes per parameter block. */
  readonly blockBytes: number
  readonly #chunks: ParameterChunk[] = []
  /** Byte of the block that was taken last, in its chunk. */
  offset = 0

  constructor(device: GPUDevice, calls: MkCallCounts, unconfirmed: UnconfirmedBuffers) {
    this.#device = device
    this.#calls = calls
    this.#unconfirmed = unconfirmed
    this.blockBytes = Math.max(PARAM_WORDS * 4, device.limits.minUniformBufferOffsetAlignment)
  }

  /** Scatters that may still be recorded before the next submit in confirmed memory. */
  get room(): number {
    let room = 0
    for (let i = 0; i < this.#chunks.length; i++) {
      const chunk = this.#chunks[i]
      if (chunk.confirmed) room += BLOCKS - chunk.used
    }
    return room
  }

  /** There is confirmed memory, taken or not. */
  get ready(): boolean {
    for (let i = 0; i < this.#chunks.length; i++) if (this.#chunks[i].confirmed) return true
    return false
  }

  /**
   * Asks for memory for so many scatters per submit, where there is less.
   * @returns whether there is memory for any, once the device has answered
   */
  async provide(scatters: number): Promise<boolean> {
    while (this.#chunks.length * BLOCKS < scatters) this.#add()
    await Promise.all(this.#chunks.map(({ answer }) => answer))
    return this.ready
  }

  /** What the device will say about the memory of the next block that is taken without room. */
  get beyond(): Answer {
    return (this.#roomy(false) ?? this.#add()).answer
  }

  /**
   * Takes the next block and fills it; it begins at byte `offset` of the chunk. Confirmed chunks first; without room in any, one that is
   * not confirmed.
   */
  take(
    units: number,
    rowUnits: number,
    payloadUnit: number,
    indexWord: number,
    dstUnit: number,
    dstRows: number,
  ): ParameterChunk {
    const chunk = this.#roomy(true) ?? this.#roomy(false) ?? this.#add()
    const block = chunk.used++
    this.offset = block * this.blockBytes
    const at = this.offset >>> 2
    const { words } = chunk
    if (
      words[at] !== units ||
      words[at + 1] !== rowUnits ||
      words[at + 2] !== payloadUnit ||
      words[at + 3] !== indexWord ||
      words[at + 4] !== dstUnit ||
      words[at + 5] !== dstRows
    ) {
      words[at] = units
      words[at + 1] = rowUnits
      words[at + 2] = payloadUnit
      words[at + 3] = indexWord
      words[at + 4] = dstUnit
      words[at + 5] = dstRows
      chunk.dirtyFrom = Math.min(chunk.dirtyFrom, block)
      chunk.dirtyTo = Math.max(chunk.dirtyTo, block)
    }
    return chunk
  }

  /** Sends what was taken. Right before the submit: a write acts when called. */
  flush(): void {
    for (let i = 0; i < this.#chunks.length; i++) {
      const chunk = this.#chunks[i]
      chunk.used = 0
      if (chunk.dirtyFrom > chunk.dirtyTo) continue
      if (chunk.confirmed) this.#send(chunk)
      else this.#unconfirmed.within([chunk.answer], 'scatter', LABEL, () => this.#send(chunk))
    }
  }

  destroy(): void {
    for (const chunk of this.#chunks) chunk.buffer.destroy()
    this.#chunks.length = 0
  }

  #roomy(confirmed: boolean): ParameterChunk | undefined {
    for (let i = 0; i < this.#chunks.length; i++) {
      const chunk = this.#chunks[i]
      if (chunk.confirmed === confirmed && chunk.used < BLOCKS) return chunk
    }
    return undefined
  }

  #send(chunk: ParameterChunk): void {
    const from = chunk.dirtyFrom * this.blockBytes
    const size = (chunk.dirtyTo + 1) * this.blockBytes - from
    this.#device.queue.writeBuffer(chunk.buffer, from, chunk.words.buffer, from, size)
    this.#calls.writes++
    this.#calls.bytesWritten += size
    chunk.dirtyFrom = BLOCKS
    chunk.dirtyTo = -1
  }

  #add(): ParameterChunk {
    const device = this.#device
    const size = BLOCKS * this.blockBytes
    device.pushErrorScope('out-of-memory')
    const usage = 0x40 | 0x8 // UNIFORM | COPY_DST
    const buffer = device.createBuffer({ label: LABEL, size, usage })
    const answer: Answer = device.popErrorScope().then(
      (error) => (error ? new AllocationFailed(LABEL, size, error.message) : undefined),
      () => undefined,
    )
    const words = new Uint32Array(size >>> 2)
    const chunk: ParameterChunk = {
      buffer,
      words,
      used: 0,
      dirtyFrom: BLOCKS,
      dirtyTo: -1,
      confirmed: false,
      answer: answer.then((error) => {
        chunk.confirmed = error === undefined
        if (error) this.#drop(chunk)
        return error
      }),
    }
    this.#chunks.push(chunk)
    return chunk
  }

  #drop(chunk: ParameterChunk): void {
    const at = this.#chunks.indexOf(chunk)
    if (at < 0) return
    this.#chunks.splice(at, 1)
    chunk.buffer.destroy()
  }
}
