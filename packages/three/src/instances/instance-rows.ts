import type { GpuQuery, MkSync } from '@memkit/ecs-plugin'
import type { AttributeLayout } from '../attributes/attribute-source.ts'
import type { ThreeBuffer } from '../backend/three-buffer.ts'
import { ComponentRows, type Changed } from './component-rows.ts'
import { GatheredValues, type ArrayPlace } from './gathered-values.ts'
import type { Instances } from './instances.ts'
import { PositionList } from './position-list.ts'
import { WrittenRanges } from './written-ranges.ts'

/** Instances that there is room for at the start. */
const MIN_CAPACITY = 256

/** The entities of a query as instances: instance `p` is the entity at position `p` of the query's list. */
export class InstanceRows implements Instances {
  readonly query: GpuQuery
  readonly values: readonly GatheredValues[]
  /** Instances that the arrays have room for. */
  capacity: number
  readonly #components = new Map<object, ComponentRows>()
  readonly #list = new WrittenRanges()
  readonly #listed = new PositionList()

  /**
   * @param placeOf where values are gathered to, for those that have no array of their own
   * @throws UnsupportedTerm, InvalidOption for the terms
   */
  constructor(
    mk: MkSync<object>,
    terms: readonly unknown[],
    layouts: readonly AttributeLayout[],
    placeOf: (layout: AttributeLayout) => ArrayPlace | undefined = () => undefined,
  ) {
    this.query = mk.query(terms)
    this.capacity = roomFor(this.query.count, MIN_CAPACITY)
    this.values = layouts.map((layout) => new GatheredValues(layout, this.capacity, placeOf(layout)))
    for (const values of this.values) {
      const { component, info } = values.layout
      let rows = this.#components.get(component)
      if (rows === undefined) {
        rows = new ComponentRows(info, this.query, terms)
        this.#components.set(component, rows)
      }
      rows.values.push(values)
    }
  }

  /** Instances to draw. */
  get count(): number {
    return this.query.count
  }

  /** The entity of an instance, without its version; −1 for an instance that isn't drawn. */
  entityOf(instance: number): number {
    return this.query.entities[instance] ?? -1
  }

  /**
   * Gathers what the last flush changed.
   * @param each is told what was gathered of each component, into which values
   * @returns true when all arrays were replaced by longer ones
   */
  update(each?: (values: readonly GatheredValues[], changed: Changed) => void): boolean {
    const { count } = this
    const isGrown = count > this.capacity
    if (isGrown) {
      this.capacity = roomFor(count, this.capacity)
      for (const values of this.values) values.grow(this.capacity)
    }
    const listed = this.#listedAgain(count)
    for (const component of this.#components.values()) {
      const changed = component.update(listed, isGrown)
      each?.(component.values, changed)
    }
    return isGrown
  }

  explain(): string {
    return `instances: 'query': the ${this.count} entities of the query, whatever their ids. Values are gathered when they change.`
  }

  dispose(): void {
    this.#list.stop()
    for (const component of this.#components.values()) component.stop()
    this.query.dispose()
  }

  /** Positions whose entity may be another one than before. */
  #listedAgain(count: number): Changed {
    const list = this.#list
    if (list.follow(this.query.indices.buffer.native as ThreeBuffer)) return 'all'
    const listed = this.#listed
    listed.clear()
    const { pairs } = list
    for (let i = 0; i < pairs.length; i += 2) {
      const end = Math.min(count, (pairs[i] + pairs[i + 1]) / WORD)
      for (let position = pairs[i] / WORD; position < end; position++) listed.add(position)
    }
    list.clear()
    return listed
  }
}

/** Bytes of a place in a query's list. */
const WORD = 4

function roomFor(count: number, capacity: number): number {
  let room = capacity
  while (room < count) room *= 2
  return room
}
