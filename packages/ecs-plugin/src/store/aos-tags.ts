import { isColumn, MAX_DEPTH } from './column-kind.ts'
import { unsupported } from './errors.ts'

/**
 * Names of the type tags that an array of objects has as properties, as bitECS's
 * `aos({ x: f32(), y: f32() })` makes it. A tag says what a property of the objects holds; the numbers
 * are in `store[entity].x`.
 */
export function tagNames(store: readonly unknown[]): string[] {
  return Object.keys(store).filter((key) => !isIndex(key) && isTag(tagOf(store, key)))
}

/** Whether any of them is branded: others may be what the game keeps beside its objects. */
export function areBranded(store: readonly unknown[], names: readonly string[]): boolean {
  return names.some((name) => hasBrand(tagOf(store, name)))
}

/** The tag at the end of a way into the objects; undefined where there is none. */
export function tagAt(store: readonly unknown[], way: readonly string[]): unknown {
  let tag: unknown = store
  for (const key of way) tag = isObject(tag) ? tagOf(tag, key) : undefined
  return tag
}

/** Whether a step of a path leads to an element of an array; any other leads to what is in its elements. */
export function isIndex(step: string): boolean {
  return /^(?:0|[1-9]\d*)$/.test(step)
}

/** @throws {@link UnsupportedColumn} for a tag with numbers in it: nothing would read them */
export function checkTag(label: string, path: string, tag: unknown): void {
  if (!isColumn(tag) || tag.length === 0) return
  const advice =
    'bitECS reads the values of such a store off its entries (store[entity].x). Leave the tag empty, or make the store an object of columns: ' +
    '{ x: new Float32Array(n), … }.'
  throw unsupported(label, path, 'an array of numbers, as the type tag of an array of objects', advice)
}

/** Whether it is an array, or an object that has some. What the game keeps there may lead in a circle. */
function isTag(value: unknown, depth: number = MAX_DEPTH): boolean {
  if (isColumn(value)) return true
  return depth > 0 && isObject(value) && Object.values(value).some((inner) => isTag(inner, depth - 1))
}

function hasBrand(value: unknown, depth: number = MAX_DEPTH): boolean {
  if (!isObject(value)) return false
  const symbols = Object.getOwnPropertySymbols(value)
  if (symbols.some((symbol) => Symbol.keyFor(symbol)?.startsWith('bitecs-'))) return true
  if (depth === 0 || isColumn(value)) return false
  return Object.values(value).some((inner) => hasBrand(inner, depth - 1))
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function tagOf(holder: object, key: string): unknown {
  return Object.hasOwn(holder, key) ? (holder as Readonly<Record<string, unknown>>)[key] : undefined
}
