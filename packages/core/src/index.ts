export {
  ColumnUnusable,
  MkError,
  PackLayoutInvalid,
  RowOutOfRange,
  RowsOutOfRange,
  WrongMemory,
} from './errors.ts'
export type { Block, LinearMemory } from './linear-memory.ts'
export { DirtyRows } from './dirty-rows.ts'
export type { DirtyRowsPlace } from './dirty-rows.ts'
