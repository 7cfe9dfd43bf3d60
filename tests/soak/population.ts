import { addComponent, addEntity, createWorld, removeComponent, removeEntity } from 'bitecs'
import type { Heap, MkSync } from '@memkit/ecs-plugin'
import { createKinds, MOST, Part, SLOTS, type Kind } from './kinds.ts'

/** The world: who lives in it, what they have, and a record of both that bitECS has no part in. */
export class Population {
  readonly world: object = createWorld()
  readonly kinds: readonly Kind[]
  /** What the device said, by entity. */
  readonly sensed: Float32Array = new Float32Array(SLOTS)
  readonly alive: number[] = []
  /** Parts of each entity; 0 where there is none. */
  readonly parts: Uint8Array = new Uint8Array(SLOTS)
  /** By kind: which entities have entered, or entered again, since the last stage. */
  readonly entered: readonly Uint8Array[]
  readonly tags: { readonly frozen: object; readonly awake: object } = { frozen: {}, awake: {} }
  readonly #components: readonly object[]
  readonly #random: () => number
  /** The sync that writes are marked in. */
  mk: MkSync<object> | undefined

  constructor(heap: Heap, random: () => number) {
    this.#random = random
    this.kinds = createKinds(heap, this.tags.awake, this.sensed)
    this.entered = this.kinds.map(() => new Uint8Array(SLOTS))
    // In the order of the bits of `Part`.
    this.#components = [...this.kinds.map(({ component }) => component), this.tags.frozen, this.tags.awake]
  }

  /** An entity, any. There must be one. */
  any(): number {
    return this.alive[Math.floor(this.#random() * this.alive.length)]
  }

  has(kind: Kind, entity: number): boolean {
    return (this.parts[entity] & kind.needs) === kind.needs
  }

  /** Entities come and go, so that there are about `goal`; some that stay get other parts. */
  churn(goal: number, frame: number): void {
    const random = this.#random
    const towards = Math.sign(goal - this.alive.length) * Math.min(60, Math.abs(goal - this.alive.length))
    const coming = Math.max(0, towards) + Math.floor(random() * 6)
    const going = Math.max(0, -towards) + Math.floor(random() * 6)
    for (let i = 0; i < going && this.alive.length > 1; i++) this.#remove()
    for (let i = 0; i < coming && this.alive.length < MOST; i++) this.#spawn(frame)
    for (let i = Math.floor(random() * 12); i > 0; i--)
      this.#toggle(this.any(), Math.floor(random() * this.#components.length), frame)
  }

  /** Writes `count` rows, each of any entity and of all that it has. */
  write(count: number, frame: number): void {
    for (let i = 0; i < count; i++) {
      const entity = this.any()
      for (const kind of this.kinds)
        if (!kind.download && this.has(kind, entity)) this.#write(kind, entity, frame)
    }
  }

  #write(kind: Kind, entity: number, frame: number): void {
    kind.write(entity, this.#random, frame)
    if (kind.marked) this.mk?.mark(kind.component, entity)
  }

  #spawn(frame: number): void {
    const entity = addEntity(this.world)
    if (entity >= SLOTS) throw new Error(`entity ${entity}: ids are not recycled`)
    this.alive.push(entity)
    const wanted = Math.floor(this.#random() * 128) | Part.Position
    for (let part = 0; part < this.#components.length; part++)
      if (wanted & (1 << part)) this.#toggle(entity, part, frame)
  }

  #remove(): void {
    const at = Math.floor(this.#random() * this.alive.length)
    const entity = this.alive[at]
    this.alive[at] = this.alive[this.alive.length - 1]
    this.alive.length--
    this.parts[entity] = 0
    removeEntity(this.world, entity)
  }

  #toggle(entity: number, part: number, frame: number): void {
    const bit = 1 << part
    const before = this.parts[entity]
    this.parts[entity] = before ^ bit
    if (before & bit) removeComponent(this.world, entity, this.#components[part])
    else addComponent(this.world, entity, this.#components[part])
    for (const [k, kind] of this.kinds.entries())
      if ((before & kind.needs) !== kind.needs && this.has(kind, entity)) {
        this.entered[k][entity] = 1
        this.#write(kind, entity, frame)
      }
  }
}
