import { useLayoutEffect, useState, type DependencyList } from 'react'

/**
 * Keeps something that has `dispose` for as long as the component is mounted: a query, a row table, a
 * mesh. It is made when the component mounts and when one of `deps` changes, and disposed of before the
 * sync of a provider around it ends. StrictMode makes it twice and disposes of the first.
 *
 * ```ts
 * const enemies = useDisposable(() => mk.query([Enemy, Not(Dead)]), [mk])
 * ```
 *
 * @returns undefined in the first render, before it is made
 */
export function useDisposable<T extends { dispose(): unknown }>(
  make: () => T,
  deps: DependencyList,
): T | undefined {
  const [made, setMade] = useState<T>()
  // A layout effect: it ends before the effects of components above do, and nothing is painted without it.
  useLayoutEffect(() => {
    const it = make()
    setMade(() => it)
    return () => {
      setMade(undefined)
      it.dispose()
    }
  }, deps)
  return made
}
