import type { MkSync } from '@memkit/ecs-plugin'
import { hideNotice, showNotice } from './notice.ts'

/** How long a new device may take to come before the page speaks of it, in milliseconds. */
const PATIENCE = 3_000

/** For whoever drives the page, in `data-state`. */
export function setState(state: 'starting' | 'running' | 'stopped' | 'lost' | 'failed'): void {
  document.documentElement.dataset['state'] = state
}

/** Tells of a device that was lost, and of the next one. The plugin does all the rest. */
export function watchLoss(mk: MkSync, signal: AbortSignal): void {
  let patience: ReturnType<typeof setTimeout> | undefined
  signal.addEventListener('abort', () => clearTimeout(patience))
  mk.on('lost', ({ message }) => {
    setState('lost')
    patience = setTimeout(
      () =>
        showNotice('The graphics device was lost', [
          message,
          'The page keeps asking for another one. If none comes, loading it again may help.',
        ]),
      PATIENCE,
    )
  })
  mk.on('restored', () => {
    clearTimeout(patience)
    hideNotice()
    setState('running')
  })
}
