import type { App, FrameReport, Synced } from '@memkit/ecs-plugin'

/** What a page of `examples/` shows around its canvas, and what it was asked for in its address. */
export interface ExamplePage {
  readonly canvas: HTMLCanvasElement
  /** `?frames=20`: frames to run before it stops. Else Infinity. */
  readonly frames: number
  /** Puts the last frame's figures below the title. */
  showReport(report: FrameReport, entities: number): void
  /** `starting`, `running`, `stopped` or `failed`, as `data-state` of the page, for those who wait for it. */
  state(state: 'starting' | 'running' | 'stopped'): void
  fail(error: unknown): void
}

declare global {
  /** For the console, and for the tests. */
  var example:
    | {
        readonly app: App<object>
        readonly components: readonly (object & Synced)[]
        /** Disposes of what draws the buffers, and leaves them as they are. */
        letGo?(): Promise<void>
      }
    | undefined
}

export function examplePage(): ExamplePage {
  const canvas = document.querySelector('canvas')
  const figures = document.querySelector('#figures')
  if (canvas === null || figures === null) throw new Error('The page has lost its canvas.')
  const root = document.documentElement
  let frame = 0
  return {
    canvas,
    frames: Number(new URLSearchParams(location.search).get('frames') ?? Infinity),
    showReport(report, entities) {
      // Ten times a second or so: figures are there to be read.
      if (frame++ % 6 > 0) return
      const { rowsChanged, bytesUploaded, apiCalls } = report
      figures.textContent = `${entities.toLocaleString('en')} entities · ${rowsChanged.toLocaleString('en')} rows changed · ${(bytesUploaded / 1000).toFixed(1)} kB up in ${apiCalls} ${apiCalls === 1 ? 'call' : 'calls'}`
    },
    state: (state) => void (root.dataset['state'] = state),
    fail(error) {
      root.dataset['state'] = 'failed'
      figures.textContent = error instanceof Error ? error.message : String(error)
    },
  }
}
