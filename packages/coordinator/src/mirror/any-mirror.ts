import type { ColumnMirror } from '../sections/column-mirror.ts'
import type { Mirror } from './mirror.ts'

/** A mirror of rows, or of columns. */
export type AnyMirror = Mirror | ColumnMirror
