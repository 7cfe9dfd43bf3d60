import type { App, FrameReport, Synced } from '@memkit/ecs-plugin'

/** The page around an example's canvas, and the parameters in its URL. */
export interface ExamplePage {
  readonly canvas: HTMLCanvasElement
  /** `?frames=20`: stops after this many frames. Default Infinity. */
  readonly frames: number
  /** Shows the last frame's figures below the title. */
  showReport(report: FrameReport, entities: number, more?: string): void
  /** Sets the page's `data-state`, for tests: `starting`, `running`, `stopped` or `failed`. */
  state(state: 'starting' | 'running' | 'stopped'): void
  fail(error: unknown): void
}

declare global {
  /** Values for the console and for tests. */
  var example:
    | {
        readonly app: App<object>
        readonly components: readonly (object & Synced)[]
        /** Disposes of the renderer, but not of the buffers. */
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
    showReport(report, entities, more = '') {
      // About ten times a second, so that people can read the figures.
      if (frame++ % 6 > 0) return
      const { rowsChanged, bytesUploaded, apiCalls } = report
      figures.textContent = `${entities.toLocaleString('en')} entities · ${rowsChanged.toLocaleString('en')} rows changed · ${(bytesUploaded / 1000).toFixed(1)} kB up in ${apiCalls} ${apiCalls === 1 ? 'call' : 'calls'}${more && ` · ${more}`}`
    },
    state: (state) => void (root.dataset['state'] = state),
    fail(error) {
      root.dataset['state'] = 'failed'
      figures.textContent = error instanceof Error ? error.message : String(error)
    },
  }
}
