/** Where the panel is: along the bottom or the right edge of the page, or floating over it. */
export type InspectorDock = 'bottom' | 'right' | 'float'

export type InspectorTab = 'frames' | 'components' | 'memory' | 'rows'

export interface InspectorOptions {
  /** What the panel is put into, default `document.body`. It is positioned against the window all the same. */
  parent?: Element
  /** Shown at once, default true. */
  open?: boolean
  /** Default `'frames'`. */
  tab?: InspectorTab
  /** Default `'bottom'`. */
  dock?: InspectorDock
  /** Default `'auto'`: what the system asks for. */
  theme?: 'auto' | 'light' | 'dark'
  /** Redraws per second at most, default 10; where less motion is asked for, 2. */
  hz?: number
  /** Frames that the timeline keeps, default 600. */
  frames?: number
}

/** What the inspector itself costs the page, over the last second. Milliseconds. */
export interface InspectorCost {
  /** On the main thread, per second: listening, measuring and drawing, but for the browser's own layout and painting. */
  readonly msPerSecond: number
  /** Of one redraw. */
  readonly updateMs: number
}

/** A mounted inspector. */
export interface Inspector {
  /** The host of the shadow root. */
  readonly element: HTMLElement
  readonly isOpen: boolean
  readonly isMounted: boolean
  readonly cost: InspectorCost
  /** The tab that is shown; may be set. */
  tab: InspectorTab
  /** Shows it. Frames are recorded from now on. */
  open(): void
  /** Hides it, and hears of no more frames. What the timeline has is kept. Escape does the same. */
  close(): void
  toggle(): void
  /** Puts the keyboard's focus on the tab that is shown. */
  focus(): void
  /** Redraws now, instead of with the next beat. */
  update(): void
  /** Shows an entity's row, beside what the device holds. */
  inspect(component: object, entity: number): void
  /** Takes it off the page for good: no element, listener, timer or recording stays. Idempotent. */
  unmount(): void
  /** The same as `unmount`. */
  dispose(): void
  [Symbol.dispose](): void
}

declare global {
  /** In the libraries of newer versions of TypeScript. */
  interface SymbolConstructor {
    readonly dispose: unique symbol
  }
}
