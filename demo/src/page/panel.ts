import type { FrameReport, MkSync } from '@memkit/ecs-plugin'
import type { BindingApi } from '@tweakpane/core'
import { Pane } from 'tweakpane'
import type { Graphics } from '../draw/device.ts'
import type { Settings } from '../settings.ts'
import { MAX_DRONES } from '../components.ts'
import { formatBytes, formatCount, formatMs } from './figures.ts'

const strategies = {
  auto: 'auto',
  'full buffers': 'full',
  'runs of rows': 'runs',
  'scatter on the GPU': 'scatter',
  'one write per entity': 'each',
} as const
type ChosenStrategy = (typeof strategies)[keyof typeof strategies]

/** Frames between two updates of the texts. The graphs show every frame. */
const WORDS_EVERY = 10

/** The panel: chooses how rows get to the GPU while the game runs, and shows what that costs. */
export class Panel {
  readonly #pane: Pane
  readonly #graphs: readonly BindingApi[]
  readonly #words: readonly BindingApi[]
  readonly #shown = { calls: '', bytes: '', ms: '', callsGraph: 0, bytesGraph: 0, msGraph: 0 }
  #frames = 0

  /** @param inspector opens it */
  constructor(place: HTMLElement, settings: Settings, mk: MkSync, graphics: Graphics, inspector: () => void) {
    const pane = new Pane({ container: place, title: 'How rows get to the GPU' })
    this.#pane = pane
    const chosen: { strategy: ChosenStrategy } = {
      strategy: graphics.rowByRow.on ? 'each' : mk.coordinator.strategy,
    }
    pane
      .addBinding(chosen, 'strategy', { label: 'strategy', options: strategies })
      .on('change', ({ value }) => {
        graphics.rowByRow.on = value === 'each'
        mk.coordinator.strategy = value === 'each' ? 'runs' : value
      })
    const word = (key: 'calls' | 'bytes' | 'ms', label: string): BindingApi =>
      pane.addBinding(this.#shown, key, { readonly: true, label, interval: 0 })
    const graph = (key: 'callsGraph' | 'bytesGraph' | 'msGraph', label: string, max: number): BindingApi =>
      pane.addBinding(this.#shown, key, {
        readonly: true,
        view: 'graph',
        label,
        min: 0,
        max,
        interval: 0,
        rows: 2,
      })
    const calls = word('calls', 'calls')
    const callsGraph = graph('callsGraph', 'log₁₀', 5)
    const bytes = word('bytes', 'uploaded')
    const bytesGraph = graph('bytesGraph', 'MB', 1.4)
    const ms = word('ms', 'stage + flush')
    const msGraph = graph('msGraph', 'ms', 16)
    this.#words = [calls, bytes, ms]
    this.#graphs = [callsGraph, bytesGraph, msGraph]

    const swarm = pane.addFolder({ title: 'Swarm' })
    // On a linear slider over such a range, one half would be useless. So it sets the exponent.
    const slider = { entities: Math.log10(settings.entities), moving: settings.moving * 100 }
    swarm
      .addBinding(slider, 'entities', {
        label: 'drones',
        min: 3,
        max: 6,
        step: 0.01,
        format: (exponent) => formatCount(rounded(exponent)),
      })
      .on('change', ({ value }) => (settings.entities = rounded(value)))
    swarm
      .addBinding(slider, 'moving', {
        label: 'moving',
        min: 0,
        max: 100,
        step: 1,
        format: (share) => `${Math.round(share)} %`,
      })
      .on('change', ({ value }) => (settings.moving = value / 100))
    swarm.addBinding(settings, 'autopilot', { label: 'autopilot' })

    const device = pane.addFolder({ title: mk.gpu.capabilities.adapter || graphics.kind, expanded: false })
    device.addButton({ title: 'Lose the device' }).on('click', () => graphics.lose())
    device.addButton({ title: 'Open the inspector' }).on('click', inspector)
  }

  /** Shows the report of a frame. */
  show(report: FrameReport): void {
    const shown = this.#shown
    const ms = report.stageMs + report.flushMs
    shown.callsGraph = Math.log10(Math.max(1, report.apiCalls))
    shown.bytesGraph = report.bytesUploaded / 1e6
    shown.msGraph = ms
    for (const graph of this.#graphs) graph.refresh()
    if (this.#frames++ % WORDS_EVERY !== 0) return
    shown.calls = formatCount(report.apiCalls)
    shown.bytes = formatBytes(report.bytesUploaded)
    shown.ms = formatMs(ms)
    for (const word of this.#words) word.refresh()
  }

  dispose(): void {
    this.#pane.dispose()
  }
}

/** Two digits are as fine as a hand on a slider is. */
function rounded(exponent: number): number {
  const value = 10 ** exponent
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1)
  return Math.min(MAX_DRONES, Math.round(value / unit) * unit)
}
