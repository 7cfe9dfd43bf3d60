import { u32 } from '@memkit/core'
import { mostMirrorBytes, type Mirror, type MkCoordinator } from '@memkit/coordinator'
import { MkBufferUsage } from '@memkit/gpu'
import { NO_ENTITY } from '../buffer/no-entity.ts'
import { growAsFar, tooFewRows } from '../rows/grow-as-far.ts'

const firstCapacity = 1024

/** The list of a query in its mirror: a word for each entity, and `NO_ENTITY` in every free place. */
export class ListWords {
  readonly mirror: Mirror
  #words: Uint32Array = new Uint32Array(0)
  /** The mirror's memory that `#words` is a view of. */
  #memory = -1
  /** Places that held an entity when `blankFrom` last ran, or got one since. */
  #taken = 0
  /** Places that ever got their first `NO_ENTITY`. */
  #blank = 0

  /** @throws HeapFull */
  constructor(coordinator: MkCoordinator, label: string, count: number) {
    const most = Math.floor(mostMirrorBytes(coordinator.gpu.capabilities) / u32.size)
    // Where the device allows fewer, `makeRoom` says so.
    const rows = Math.max(1, Math.min(most, Math.max(firstCapacity, count)))
    this.mirror = coordinator.createMirror({ rows, schema: u32, label, usage: MkBufferUsage.INDEX })
    this.mirror.used = 0
  }

  /**
   * Makes room for `count` words, or for as many as possible.
   * @returns the error when there is too little room
   */
  makeRoom(count: number): unknown {
    const { mirror } = this
    let refused = growAsFar(mirror, count)
    const { capacity, memoryGeneration } = mirror
    if (refused === undefined && count > capacity) refused = tooFewRows(mirror, count)
    if (memoryGeneration !== this.#memory) {
      this.#memory = memoryGeneration
      this.#words = mirror.view(Uint32Array)
    }
    if (this.#blank < capacity) {
      this.#words.fill(NO_ENTITY, this.#blank)
      mirror.dirty.setRange(this.#blank, capacity - this.#blank)
      this.#blank = capacity
    }
    return refused
  }

  set(position: number, word: number): void {
    this.#words[position] = word
    this.mirror.dirty.set(position)
    if (position >= this.#taken) this.#taken = position + 1
  }

  /**
   * Blanks the places that became free: those from `size` on.
   * @param places how many words the device reads
   */
  blankFrom(size: number, places: number): void {
    const { mirror } = this
    if (size < this.#taken) {
      this.#words.fill(NO_ENTITY, size, this.#taken)
      mirror.dirty.setRange(size, this.#taken - size)
    }
    this.#taken = size
    mirror.used = Math.min(places, mirror.capacity)
  }
}
