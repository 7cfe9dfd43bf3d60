import type { App } from '@memkit/ecs-plugin'
import type { World } from 'bitecs'
import { STEP } from '../rules/game.ts'
import { showError } from './notice.ts'
import { setState } from './state.ts'

/**
 * Runs the App with the display.
 * @param frames 0: in the time that passes; else so many ticks of one step each, however long they
 *   take
 */
export function runLoop(app: App<World>, frames: number): void {
  setState('running')
  const fail = (error: unknown): void => {
    setState('failed')
    showError(error)
  }
  if (frames === 0) {
    app.run({ onError: fail })
    return
  }
  const frame = (): void => {
    if (app.isDisposed) return
    try {
      app.tick(STEP)
    } catch (error) {
      fail(error)
      return
    }
    if (app.time.frame < frames) requestAnimationFrame(frame)
    else setState('stopped')
  }
  requestAnimationFrame(frame)
}
