/** Where the panel is: at the bottom or right edge of the page, or floating over it. */
export type InspectorDock = 'bottom' | 'right' | 'float'

export type InspectorTab = 'frames' | 'components' | 'memory' | 'rows' | 'recording'

export interface InspectorOptions {
  /** The panel's parent, default `document.body`. Its position is relative to the window anyway. */
  parent?: Element
  /** Whether to show the panel at once, default true. */
  open?: boolean
  /** Default `'frames'`. */
  tab?: InspectorTab
  /** Default `'bottom'`. */
  dock?: InspectorDock
  /** Default `'auto'`: follows the system. */
  theme?: 'auto' | 'light' | 'dark'
  /** Most redraws per second, default 10; at most 2 where the system asks for reduced motion. */
  hz?: number
  /** Number of frames in the timeline, default 600. */
  frames?: number
}

/** What the inspector itself cost the page over the last second, in milliseconds. */
export interface InspectorCost {
  /** Main thread time per second, without the browser's own layout and painting. */
  readonly msPerSecond: number
  /** Time of one redraw. */
  readonly updateMs: number
}

/** A mounted inspector. */
export interface Inspector {
  /** The element that hosts the shadow root. */
  readonly element: HTMLElement
  readonly isOpen: boolean
  readonly isDisposed: boolean
  readonly cost: InspectorCost
  /** The current tab. Set it to switch. */
  tab: InspectorTab
  /** Shows the panel and starts to record frames. */
  open(): void
  /** Hides the panel and stops recording. The timeline keeps its frames. Escape does the same. */
  close(): void
  toggle(): void
  /** Focuses the current tab. */
  focus(): void
  /** Redraws now instead of at the next tick of its timer. */
  update(): void
  /** Shows an entity's row on the CPU and on the device, side by side. */
  inspect(component: object, entity: number): void
  /** Removes it for good, with all its elements, listeners, timers and recordings. Idempotent. */
  dispose(): void
  [Symbol.dispose](): void
}

declare global {
  /** Newer versions of TypeScript have it in their libraries. */
  interface SymbolConstructor {
    readonly dispose: unique symbol
  }
}
