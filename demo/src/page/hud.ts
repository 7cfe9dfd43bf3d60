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
  #waveName = ''
  #lost = 0

  constructor(values: PageValues) {
    this.#values = values
    this.#bars = { health: values.element('healthBar'), wave: values.element('waveBar') }
  }

  show(game: Game, all: number): void {
    const { match } = game
    const values = this.#values
    values.set('score', formatCount(Math.round(match.score)))
    values.set('best', formatCount(match.best))
    if (match.lost > this.#lost) this.#say('Multiplier lost')
    this.#lost = match.lost
    values.set(
      'shield',
      match.phase === 'playing' && match.safe >= 1 ? `Shield ${Math.ceil(match.safe)} s` : '',
    )
    values.set('multiplier', match.multiplier > 1 ? `×${match.multiplier}` : '')
    values.set('wave', String(match.wave))
    values.set('health', String(Math.ceil(match.health)))
    values.set('drones', formatCount(game.drones.left))
    values.set('all', formatCount(all))
    setBar(this.#bars.health, match.health / match.outfit.hull)
    setBar(this.#bars.wave, (game.drones.left / all - WAVE_REST) / (1 - WAVE_REST))
    document.documentElement.classList.toggle('low-health', match.phase === 'playing' && match.health < 30)
    this.#waveName = game.wave.name
    if (match.wave !== this.#wave) this.#announce(match.phase, (this.#wave = match.wave))
    if (match.phase !== this.#phase) this.#change(game, (this.#phase = match.phase))
  }

  /** @returns the figures for the eye of the last half second, when one is over */
  report(report: FrameReport, byHand: boolean): void {
    const summary = this.#window.add(report, performance.now())
    if (summary === undefined) return
    const { busiest } = summary
    // By hand, each row that changed is one write.
    const rows = busiest.mirrors.reduce(
      (sum, mirror) => sum + (mirror.strategy === 'none' ? 0 : mirror.rows),
      0,
    )
    if (busiest.apiCalls > 0) {
      this.#values.set('callsByHand', formatCount(byHand ? busiest.apiCalls : rows))
      if (!byHand) this.#values.set('callsMemkit', formatCount(busiest.apiCalls))
    }
    document.documentElement.classList.toggle('by-hand', byHand)
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
    this.#say(wave === 1 ? 'Wave 1' : this.#waveName)
  }

  #say(text: string): void {
    const banner = this.#values.element('banner')
    banner.textContent = text
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
    if (phase === 'choosing')
      match.cards.forEach(({ name, text }, i) => {
        this.#values.set(`card${i}`, name)
        this.#values.set(`cardText${i}`, text)
      })
    if (phase !== 'over') return
    this.#values.set('finalTime', String(Math.round(match.time)))
    this.#values.set('finalSeed', String(match.seed))
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
