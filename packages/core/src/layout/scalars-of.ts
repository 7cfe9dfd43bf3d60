import type { ScalarName, WgslType } from './types.ts'

/** One scalar of a type: where it lies and where its value comes from. */
export interface ScalarPlace {
  /** Way to it from the outermost type, with dots: `'pos.y'`, `'lights.2.color.x'`, `'matrix.3.0'` (column, row). Empty for a bare scalar. */
  readonly path: string
  /** Column that it is read from: one that `from` named, else that of its outermost field (empty for a schema that is no struct). */
  readonly source: string
  /** Set where `from` named it: the column then has one number per entity, and as many scalars as name it are read from it. */
  readonly named?: true
  /** Which of an entity's numbers in `source`: 0 where `from` named it, else one after the other in order of place. */
  readonly index: number
  /** Bytes from the start of the outermost type. */
  readonly offset: number
  readonly type: ScalarName
}

/**
 * All scalars of a type, in order of their offsets; padding is left out. A runtime-sized array counts as empty.
 * A `mat3x3f` has nine, with four unused bytes after each third.
 */
export function scalarsOf(type: WgslType): readonly ScalarPlace[] {
  const out: ScalarPlace[] = []
  const perSource = new Map<string, number>()
  const add: Add = (path, source, named, offset, type) => {
    if (named !== undefined) {
      out.push({ path, source: named, named: true, index: 0, offset, type })
      return
    }
    const index = perSource.get(source) ?? 0
    perSource.set(source, index + 1)
    out.push({ path, source, index, offset, type })
  }
  visit(type, '', undefined, 0, add)
  return out
}

type Add = (path: string, source: string, named: string | undefined, offset: number, type: ScalarName) => void

function visit(type: WgslType, path: string, field: string | undefined, at: number, add: Add): void {
  const source = field ?? ''
  switch (type.kind) {
    case 'scalar':
      add(path, source, type.sources?.[0], at, type.type)
      return
    case 'atomic':
      add(path, source, undefined, at, type.scalar)
      return
    case 'vector':
      for (let i = 0; i < type.components; i++) {
        add(
          join(path, 'xyzw'[i]),
          source,
          type.sources?.[i],
          at + (i * type.size) / type.components,
          type.scalar,
        )
      }
      return
    case 'matrix':
      for (let column = 0, i = 0; column < type.columns; column++) {
        for (let row = 0; row < type.rows; row++, i++) {
          const offset = at + column * type.columnStride + row * (type.scalar === 'f16' ? 2 : 4)
          add(join(path, `${column}.${row}`), source, type.sources?.[i], offset, type.scalar)
        }
      }
      return
    case 'array':
      for (let i = 0; i < (type.count ?? 0); i++)
        visit(type.element, join(path, String(i)), field, at + i * type.stride, add)
      return
    case 'struct':
      for (const f of type.fields) visit(f.type, join(path, f.name), field ?? f.name, at + f.offset, add)
  }
}

function join(path: string, step: string): string {
  return path === '' ? step : `${path}.${step}`
}
