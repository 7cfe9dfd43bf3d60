import { attachMk, type MkOptions, type MkSync } from '@memkit/ecs-plugin'
import { createElement, useEffect, useState, type ReactNode } from 'react'
import { MkContext } from './mk-context.ts'

interface ShownMkProps {
  /** Shown until there is a sync. Default: nothing. */
  fallback?: ReactNode
  /** Mounted while there is a sync, which they get by `useMk`. */
  children?: ReactNode
}

/** For a world that is attached while the provider is mounted. */
export interface AttachingMkProps<W extends object> extends ShownMkProps {
  /** The world to attach. Another one is attached instead of it. */
  world: W
  /** `attachKoota` for a world of koota. Default: `attachMk`, for bitECS. Pass the same function each time. */
  attach?: ((world: W, options: MkOptions) => Promise<MkSync<W>>) | undefined
  /** Read when the world is attached; later changes have no effect. */
  options?: Omit<MkOptions, 'signal'> | undefined
  /**
   * Called when attaching fails; the fallback stays. Default: the error is thrown while rendering, for
   * an error boundary.
   */
  onError?: ((error: unknown) => void) | undefined
  mk?: never
}

/** For a sync that is made elsewhere, such as that of an App, and stays the caller's. */
export interface AttachedMkProps extends ShownMkProps {
  /** Undefined until it is made. */
  mk: MkSync<object> | undefined
  world?: never
}

export type MkProviderProps<W extends object> = AttachingMkProps<W> | AttachedMkProps

/**
 * Syncs a world for as long as it is mounted, and gives the sync to the components inside:
 *
 * ```tsx
 * <MkProvider world={world} options={{ gpu: () => webGpu() }} fallback={<p>Loading …</p>}>
 *   <Game />
 * </MkProvider>
 * ```
 *
 * Unmounting frees the world at once, also while it is being attached, so that it can be attached again.
 * Give `gpu` as a function where StrictMode or hot reload mount twice.
 */
export function MkProvider<W extends object>(props: MkProviderProps<W>): ReactNode {
  const { fallback, children } = props
  // Which of the two a provider is doesn't change while it is mounted, so hooks are called in one order.
  if (isAttaching(props)) return createElement(AttachingProvider<W>, props)
  return createElement(Shown, { mk: props.mk, fallback, children })
}

function isAttaching<W extends object>(props: MkProviderProps<W>): props is AttachingMkProps<W> {
  return !('mk' in props)
}

/** What attaching came to, and of what: for another world it doesn't count. */
interface Outcome<W extends object> {
  readonly world: W
  readonly attach: unknown
  readonly mk?: MkSync<W>
  readonly failure?: { readonly error: unknown }
}

function AttachingProvider<W extends object>({
  world,
  attach = attachMk,
  options,
  onError,
  fallback,
  children,
}: AttachingMkProps<W>): ReactNode {
  const [outcome, setOutcome] = useState<Outcome<W>>()
  useEffect(() => {
    const abort = new AbortController()
    let mk: MkSync<W> | undefined
    const attached = (made: MkSync<W>): void => {
      // Unmounted after the last look at the signal.
      if (abort.signal.aborted) return made.dispose()
      mk = made
      setOutcome({ world, attach, mk })
    }
    const failed = (error: unknown): void => {
      if (abort.signal.aborted) return
      if (onError !== undefined) onError(error)
      else setOutcome({ world, attach, failure: { error } })
    }
    attach(world, { ...options, signal: abort.signal }).then(attached, failed)
    return () => {
      abort.abort()
      mk?.dispose()
      setOutcome(undefined)
    }
  }, [world, attach])
  const current = outcome?.world === world && outcome.attach === attach ? outcome : undefined
  if (current?.failure !== undefined) throw current.failure.error
  return createElement(Shown, { mk: current?.mk, fallback, children })
}

interface ShownProps extends ShownMkProps {
  readonly mk: MkSync<object> | undefined
}

function Shown({ mk, fallback = null, children }: ShownProps): ReactNode {
  return mk === undefined ? fallback : createElement(MkContext.Provider, { value: mk }, children)
}
