import type { ColumnsComponent } from './columns-component.ts'

let code: typeof ColumnsComponent | undefined
let loading: Promise<void> | undefined

/**
 * Loads the code for `layout: 'columns'`, which games without columns leave out. Flagging the first
 * such component starts it, and `attachMk` waits for it: call this before you flag one in a world
 * that is attached already.
 */
export function loadColumns(): Promise<void> {
  loading ??= import('./columns-component.ts').then(
    (module) => {
      code = module.ColumnsComponent
    },
    (error: unknown) => {
      // The next call tries again.
      loading = undefined
      throw error
    },
  )
  return loading
}

/** The code, once it is loaded. */
export function columnsCode(): typeof ColumnsComponent | undefined {
  return code
}
