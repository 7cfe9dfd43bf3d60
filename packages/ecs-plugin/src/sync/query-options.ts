import type { DispatchShape, DrawShape } from '../buffer/draw-shape.ts'
import { checkOption, checkOptionNames } from '../options.ts'

/** Options of `mk.query`. */
export interface GpuQueryOptions {
  /** Keeps arguments for `drawIndirect` (`vertexCount`) or `drawIndexedIndirect` (`indexCount`). */
  draw?: DrawShape
  /** Keeps indirect dispatch arguments: as many workgroups as the entities need. */
  dispatch?: DispatchShape
  /** Lists rows of this component's buffer instead of entity ids: needed where they are packed. */
  rowsOf?: object
  /** Names the list in WGSL, and its buffers. Default: from the terms, `PositionVelocityList`. */
  label?: string
}

const optionNames: readonly string[] = ['draw', 'dispatch', 'rowsOf', 'label']

export function checkQueryOptions(options: GpuQueryOptions): void {
  const isObject = typeof options === 'object' && options !== null
  checkOption(isObject, 'options', options, `an object of ${optionNames.join(', ')}`)
  checkOptionNames(options, optionNames)
  const { label } = options
  checkOption(label === undefined || typeof label === 'string', 'label', label, 'a string')
}

// In bitECS's types a relation pair is `unknown`.
export function checkTerms(terms: readonly unknown[]): asserts terms is readonly object[] {
  checkOption(Array.isArray(terms), 'terms', terms, 'an array: mk.query([Position, Visible])')
  const bad = terms.findIndex(
    (term) => (typeof term !== 'object' && typeof term !== 'function') || term === null,
  )
  const allowed = 'components, and terms that the ECS made of components'
  checkOption(terms.length > 0, 'terms', '[]', allowed)
  checkOption(bad < 0, 'terms', terms[bad], allowed)
}
