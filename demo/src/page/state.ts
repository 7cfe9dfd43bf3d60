import type { MkSync } from '@memkit/ecs-plugin'
import { formatCount } from './figures.ts'
import { hideNotice, showNotice } from './notice.ts'
import { showToast } from './toast.ts'

/** How long a new device may take to come before the page speaks of it, in milliseconds. */
const PATIENCE = 3_000

/** The state of the page, in `data-state`, for tests and scripts. */
export function setState(state: 'starting' | 'running' | 'stopped' | 'lost' | 'failed'): void {
  document.documentElement.dataset['state'] = state
}

/**
 * Shows that a device was lost, and hides the notice once there is another one. The plugin does the
 * rest.
 */
export function watchLoss(mk: MkSync, entities: () => number, signal: AbortSignal): void {
  let lostAt = 0
  let patience: ReturnType<typeof setTimeout> | undefined
  signal.addEventListener('abort', () => clearTimeout(patience))
  mk.on('lost', ({ message }) => {
    setState('lost')
    lostAt = performance.now()
    patience = setTimeout(
      () =>
        showNotice('The graphics device was lost', [
          message,
          'The page keeps requesting another one. If none comes, try to reload the page.',
        ]),
      PATIENCE,
    )
  })
  mk.on('restored', () => {
    clearTimeout(patience)
    hideNotice()
    setState('running')
    const ms = formatCount(Math.round(performance.now() - lostAt))
    showToast(`The graphics device was lost: ${formatCount(entities())} entities back after ${ms} ms`)
  })
}
