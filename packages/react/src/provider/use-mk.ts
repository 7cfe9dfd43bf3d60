import type { MkSync } from '@memkit/ecs-plugin'
import { useContext } from 'react'
import { NoMkProvider } from './errors.ts'
import { MkContext } from './mk-context.ts'

/**
 * Returns the sync of the `MkProvider` around this component.
 * @throws {@link NoMkProvider} outside of one
 */
export function useMk(): MkSync<object> {
  return useMkFor('useMk()')
}

/**
 * As {@link useMk}, for another hook.
 * @param hook what errors call it
 */
export function useMkFor(hook: string): MkSync<object> {
  const mk = useContext(MkContext)
  if (mk === undefined) throw new NoMkProvider({ hook })
  return mk
}
