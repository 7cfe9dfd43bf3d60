import type { EcsWorld, WriteWatch } from './ecs.ts'
import { SharedMarker } from './shared-marker.ts'

/** Who marks an entity's row. */
export interface Markable {
  /** Must not throw for an entity of the ECS. */
  mark(row: number): void
  markAll(): void
}

/**
 * Where marks come from beside `mk.mark`: the ECS's own `set()`, and other threads. Costs nothing but what is used: a look at a word of
 * memory for 32 768 entities of each marker, and a call for each `set()` of a component that is followed.
 */
export class MarkSources {
  readonly #ecs: EcsWorld
  readonly #component: object
  readonly #rows: Markable
  readonly #markers: SharedMarker[] = []
  #writes: WriteWatch | undefined
  #warned = false
  readonly #warn: (entities: number) => void

  /**
   * @param followWrites mark what the ECS's `set()` writes
   * @param warn called once, when there are marks that no marker has room for
   */
  constructor(
    ecs: EcsWorld,
    component: object,
    rows: Markable,
    followWrites: boolean,
    warn: (entities: number) => void,
  ) {
    this.#ecs = ecs
    this.#component = component
    this.#rows = rows
    this.#warn = warn
    if (followWrites) this.#writes = this.#follow()
  }

  /** A marker with room for twice the entities there are. The same one as before, while that has it. @throws SharedMemoryUnavailable */
  marker(entities: number): SharedMarker {
    const latest = this.#markers.at(-1)
    if (latest !== undefined && latest.capacity >= entities * 2) return latest
    const marker = SharedMarker.create(entities * 4, this.#ecs.idMask)
    this.#markers.push(marker)
    return marker
  }

  /** Whether other threads may mark. */
  get hasMarkers(): boolean {
    return this.#markers.length > 0
  }

  /** Marks what other threads have marked since the last call. */
  collect(): void {
    // A world that was reset has dropped its observers.
    if (this.#writes?.intact === false) {
      this.#writes.stop()
      this.#writes = this.#follow()
    }
    for (let i = 0; i < this.#markers.length; i++) {
      const marker = this.#markers[i]
      if (!marker.collect(this.#rows)) continue
      this.#rows.markAll()
      if (!this.#warned) this.#warn(marker.capacity)
      this.#warned = true
    }
  }

  dispose(): void {
    this.#writes?.stop()
    this.#writes = undefined
    this.#markers.length = 0
  }

  #follow(): WriteWatch | undefined {
    return this.#ecs.watchWrites?.(this.#component, (row) => this.#rows.mark(row))
  }
}
