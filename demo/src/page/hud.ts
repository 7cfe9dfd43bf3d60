import type { FrameReport } from '@memkit/ecs-plugin'
import type { Game } from '../rules/game.ts'
import { WAVE_REST, type Phase } from '../rules/match.ts'
import { keepBest } from './best-score.ts'
import { formatBytes, formatCount, formatMs, formatRate } from './figures.ts'
import type { PageValues } from './page-values.ts'
import { ReportWindow } from './report-window.ts'

/**
 * How often the sync's numbers change, in milliseconds: often enough to follow, seldom enough to
 * read.
 */
const REFRESH = 500

/**
 * Score, wave, health, and a line about the sync. Also which screen lies over the game, by
 * `data-phase` of the page.
 */
export class Hud {
  readonly #values: PageValues
  readonly #window = new ReportWindow(REFRESH)
  readonly #bars: { readonly health: HTMLElement; readonly wave: HTMLElement }
  #phase: Phase | undefined
  #wave = 0

  constructor(values: PageValues) {
    this.#values = values
    this.#bars = { health: values.element('healthBar'), wave: values.element('waveBar') }
  }

  show(game: Game, all: number): void {
    const { match } = game
    const values = this.#values
    values.set('score', formatCount(Math.round(match.score)))
    values.set('best', formatCount(match.best))
    values.set('multiplier', match.multiplier > 1 ? `×${match.multiplier}` : '')
    values.set('wave', String(match.wave))
    values.set('health', String(Math.ceil(match.health)))
    values.set('drones', formatCount(game.drones.left))
    values.set('all', formatCount(all))
    setBar(this.#bars.health, match.health / match.outfit.hull)
    setBar(this.#bars.wave, (game.drones.left / all - WAVE_REST) / (1 - WAVE_REST))
    document.documentElement.classList.toggle('low-health', match.phase === 'playing' && match.health < 30)
    if (match.wave !== this.#wave) this.#announce(match.phase, (this.#wave = match.wave))
    if (match.phase !== this.#phase) this.#change(game, (this.#phase = match.phase))
  }

  /** @returns the figures for the eye of the last half second, when one is over */
  report(report: FrameReport): void {
    const summary = this.#window.add(report, performance.now())
    if (summary === undefined) return
    const { busiest } = summary
    this.#values.set(
      'sync',
      busiest.apiCalls === 0
        ? `nothing changed, no call · ${formatRate(summary.framesPerSecond)} fps`
        : `${formatBytes(busiest.bytesUploaded)} in ${formatCount(busiest.apiCalls)} ${busiest.apiCalls === 1 ? 'call' : 'calls'} · ` +
            `${formatMs(summary.stageMs + summary.flushMs)} · ${formatRate(summary.framesPerSecond)} fps`,
    )
  }

  #announce(phase: Phase, wave: number): void {
    if (phase !== 'playing') return
    const banner = this.#values.element('banner')
    banner.textContent = `Wave ${wave}`
    // Restarts the animation.
    banner.classList.remove('shown')
    void banner.offsetWidth
    banner.classList.add('shown')
  }

  #change(game: Game, phase: Phase): void {
    const { match } = game
    document.documentElement.dataset['phase'] = phase
    if (phase === 'playing') document.querySelector<HTMLElement>('#stage')!.focus()
    else document.querySelector<HTMLElement>(`#${phase} button`)?.focus({ preventScroll: true })
    if (phase !== 'over') return
    const score = Math.round(match.score)
    this.#values.set('finalScore', formatCount(score))
    this.#values.set('finalWave', String(match.wave))
    this.#values.set('finalDrones', formatCount(match.kills))
    this.#values.set(
      'verdict',
      score > 0 && score >= match.best ? 'Your best so far' : `Best ${formatCount(match.best)}`,
    )
    keepBest(score)
  }
}

function setBar(bar: HTMLElement, share: number): void {
  const width = `${(Math.max(0, Math.min(1, share)) * 100).toFixed(1)}%`
  if (bar.style.width !== width) bar.style.width = width
}
