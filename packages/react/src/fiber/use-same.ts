import type { AttributeSource } from '@memkit/three'
import { useState } from 'react'

/** Returns the value of an earlier render for as long as it means the same. */
export function useSame<T>(value: T, isSame: (a: T, b: T) => boolean): T {
  const [kept, keep] = useState(() => value)
  if (isSame(kept, value)) return kept
  keep(() => value)
  return value
}

/** Whether two lists hold the same objects, or two other values are the same. */
export function isSameList(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
  return a.every((each, i) => each === b[i])
}

/** Sources by name. */
export type Sources = Readonly<Record<string, AttributeSource | undefined>>

/** Whether sources by name are the same, in the same order. */
export function areSameSources(a: Sources | undefined, b: Sources | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  const names = Object.keys(a)
  return isSameList(names, Object.keys(b)) && names.every((name) => isSameList(a[name], b[name]))
}
