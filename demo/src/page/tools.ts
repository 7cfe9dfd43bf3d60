import type { FrameReport, MkSync } from '@memkit/ecs-plugin'
import type { Inspector } from '@memkit/inspector'
import type { Graphics } from '../draw/device.ts'
import type { Settings } from '../settings.ts'
import type { Panel } from './panel.ts'

/** The panel and the inspector, which load on first use. */
export class Tools {
  readonly #settings: Settings
  readonly #mk: MkSync
  readonly #graphics: Graphics
  #panel: Panel | undefined
  #inspector: Inspector | undefined
  #loading = false
  #disposed = false

  constructor(settings: Settings, mk: MkSync, graphics: Graphics) {
    this.#settings = settings
    this.#mk = mk
    this.#graphics = graphics
    if (settings.inspector) this.toggleInspector()
  }

  readonly togglePanel = (): void => {
    const place = document.querySelector<HTMLElement>('#panel')!
    place.hidden = this.#panel !== undefined
    document.querySelector('#panelButton')!.setAttribute('aria-expanded', String(!place.hidden))
    if (this.#panel !== undefined) {
      this.#panel.dispose()
      this.#panel = undefined
      return
    }
    void this.#load(async () => {
      const { Panel } = await import('./panel.ts')
      if (this.#disposed) return
      this.#panel = new Panel(place, this.#settings, this.#mk, this.#graphics, this.toggleInspector)
    })
  }

  readonly toggleInspector = (): void => {
    // Escape or its own button closes it too. A closed inspector costs nothing.
    if (this.#inspector !== undefined) return this.#inspector.toggle()
    void this.#load(async () => {
      const { mountInspector } = await import('@memkit/inspector')
      if (!this.#disposed) this.#inspector = mountInspector(this.#mk, { theme: 'dark' })
    })
  }

  show(report: FrameReport): void {
    this.#panel?.show(report)
  }

  dispose(): void {
    this.#disposed = true
    this.#panel?.dispose()
    this.#inspector?.dispose()
    document.querySelector<HTMLElement>('#panel')!.hidden = true
  }

  /** One at a time: a key that is pressed twice opens one. */
  async #load(load: () => Promise<void>): Promise<void> {
    if (this.#loading) return
    this.#loading = true
    try {
      await load()
    } finally {
      this.#loading = false
    }
  }
}
