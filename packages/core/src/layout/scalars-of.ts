import { join, scalarOffset, walkLeaves, type LeafType } from './walk.ts'
import type { ScalarName, WgslType } from './types.ts'

/** One scalar of a type: where it lies and where its value comes from. */
export interface ScalarPlace {
  /**
   * Path from the outermost type, with dots: `'pos.y'`, `'lights.2.color.x'`, `'matrix.3.0'`
   * (column, row). Empty for a bare scalar.
   */
  readonly path: string
  /**
   * Column to read it from: the one that `from` names, else the column of its outermost field
   * (empty where the schema isn't a struct).
   */
  readonly source: string
  /** Set where `from` names the column, which then has one number per entity. */
  readonly named?: true
  /** Which of an entity's numbers in `source`, in order of offsets; 0 where `from` names it. */
  readonly index: number
  /** Bytes from the start of the outermost type. */
  readonly offset: number
  readonly type: ScalarName
}

/**
 * Lists all scalars of a type in order of their offsets, without padding. A runtime-sized array
 * counts as empty. A `mat3x3f` has nine, with four unused bytes after each third.
 */
export function scalarsOf(type: WgslType): readonly ScalarPlace[] {
  const places: ScalarPlace[] = []
  const counts = new Map<string, number>()
  walkLeaves(type, (leaf, path, offset, field) => {
    const sources = leaf.kind === 'atomic' ? undefined : leaf.sources
    for (let i = 0; i < leaf.components; i++) {
      const to = pathOf(leaf, i, path)
      const at = offset + scalarOffset(leaf, i)
      // Without spread: a row may have a million scalars.
      if (sources === undefined) {
        const index = counts.get(field) ?? 0
        counts.set(field, index + 1)
        places.push({ path: to, source: field, index, offset: at, type: leaf.scalar })
      } else {
        places.push({ path: to, source: sources[i], named: true, index: 0, offset: at, type: leaf.scalar })
      }
    }
  })
  return places
}

function pathOf(leaf: LeafType, i: number, path: string): string {
  if (leaf.kind === 'vector') return join(path, 'xyzw'[i])
  if (leaf.kind === 'matrix') return join(path, `${Math.floor(i / leaf.rows)}.${i % leaf.rows}`)
  return path
}
