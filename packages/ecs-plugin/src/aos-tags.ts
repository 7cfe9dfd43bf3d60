import { isColumn } from './column-kind.ts'
import { UnsupportedColumn } from './errors.ts'

/**
 * Names of the type tags that an array of objects carries as properties of its own, as bitECS's `aos({ x: f32(), y: f32() })` makes it.
 * A tag says what a property of the objects holds, and holds nothing itself: the numbers are in `store[entity].x`.
 */
export function tagNames(store: readonly unknown[]): string[] {
  return Object.keys(store).filter((key) => !isIndex(key) && typeof tagOf(store, key) === 'object')
}

/** The tag at the end of a way into the objects; undefined where there is none. */
export function tagAt(store: readonly unknown[], way: readonly string[]): unknown {
  let tag: unknown = store
  for (const key of way) tag = typeof tag === 'object' && tag !== null ? tagOf(tag, key) : undefined
  return tag
}

/** Whether a step of a path leads to an element of an array; any other leads to what is in its elements. */
export function isIndex(step: string): boolean {
  return /^(?:0|[1-9]\d*)$/.test(step)
}

/** @throws UnsupportedColumn for a tag with numbers in it: they would be read by nobody */
export function checkTag(label: string, path: string, tag: unknown): void {
  if (!isColumn(tag) || tag.length === 0) return
  throw new UnsupportedColumn(
    label,
    path,
    'an array of numbers, as the type tag of an array of objects',
    'bitECS reads the values of such a store off its entries (store[entity].x). Leave the tag empty, or make the store an object of columns: ' +
      '{ x: new Float32Array(n), … }.',
  )
}

function tagOf(holder: object, key: string): unknown {
  return Object.hasOwn(holder, key) ? (holder as Readonly<Record<string, unknown>>)[key] : undefined
}
