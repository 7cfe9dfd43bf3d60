import { useState } from 'react'

/** Returns the value of an earlier render for as long as it means the same. */
export function useSame<T>(value: T, isSame: (a: T, b: T) => boolean): T {
  const [kept, keep] = useState(() => value)
  if (isSame(kept, value)) return kept
  keep(() => value)
  return value
}
