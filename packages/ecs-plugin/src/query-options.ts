import { InvalidOption } from './errors.ts'

/**
 * What one instance is drawn of. A device works on the vertices of one instance side by side, so an instance of a few vertices leaves
 * most of it idle: with `perInstance`, an instance draws that many entities, and `vertexCount` counts the vertices of all of them.
 */
export type DrawShape = ({ readonly vertexCount: number } | { readonly indexCount: number }) & {
  /** Entities that one instance draws, default 1. Places of the last instance that are left over hold `NO_ENTITY`. */
  readonly perInstance?: number
}

/** How a compute shader runs over the list: one invocation per entity. */
export interface DispatchShape {
  /** Invocations per workgroup, as the shader says: `@workgroup_size(64)`. One-dimensional. */
  readonly workgroupSize: number
}

export interface GpuQueryOptions {
  /** Keep indirect draw arguments: `drawIndirect` for a number of vertices, `drawIndexedIndirect` for a number of indices. */
  draw?: DrawShape
  /** Keep indirect dispatch arguments: as many workgroups as the entities need. */
  dispatch?: DispatchShape
  /** List rows of this component's buffer instead of entity ids. Needed where its rows are packed. */
  rowsOf?: object
  /** Names the list in WGSL, and its buffers. Default: the labels of the terms, `PositionVelocityList` for `[Position, Velocity]`. */
  label?: string
}

// A device draws no faster with more than a few hundred vertices per instance.
const MAX_PER_INSTANCE = 1024
const optionNames: readonly string[] = ['draw', 'dispatch', 'rowsOf', 'label']

/** @throws InvalidOption for an option that does not exist, or a label that is no text */
export function checkQueryOptions(options: GpuQueryOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new InvalidOption('options', options, `an object of ${optionNames.join(', ')}`)
  for (const name of Object.keys(options))
    if (!optionNames.includes(name))
      throw new InvalidOption(
        name,
        options[name as keyof GpuQueryOptions],
        `one of ${optionNames.join(', ')}`,
      )
  const { label } = options
  if (label !== undefined && typeof label !== 'string') throw new InvalidOption('label', label, 'a text')
}

// As loosely typed as bitECS itself: a relation pair is `unknown` there.
export function checkTerms(terms: readonly unknown[]): asserts terms is readonly object[] {
  if (!Array.isArray(terms))
    throw new InvalidOption('terms', terms, 'an array: mk.query([Position, Visible])')
  const bad = terms.find((term) => (typeof term !== 'object' && typeof term !== 'function') || term === null)
  if (terms.length === 0 || bad !== undefined)
    throw new InvalidOption(
      'terms',
      terms.length === 0 ? '[]' : bad,
      'components, and terms that the ECS made of components',
    )
}

/**
 * The words of `drawIndirect` (four) or `drawIndexedIndirect` (five), for no instances yet.
 *
 * @throws InvalidOption
 */
export function drawWords(draw: DrawShape): Uint32Array {
  if (typeof draw !== 'object' || draw === null)
    throw new InvalidOption('draw', draw, 'an object: { vertexCount: 6 } or { indexCount: 36 }')
  const { vertexCount, indexCount, perInstance = 1 } = draw as Record<string, number | undefined>
  if ((vertexCount === undefined) === (indexCount === undefined))
    throw new InvalidOption('draw', draw, 'given either a vertexCount or an indexCount')
  const [name, count, words] =
    vertexCount === undefined
      ? (['indexCount', indexCount!, 5] as const)
      : (['vertexCount', vertexCount, 4] as const)
  if (!Number.isInteger(count) || count < 0 || count >= 2 ** 32)
    throw new InvalidOption(`draw.${name}`, count, 'a whole number from 0 to 2³² − 1')
  if (!Number.isInteger(perInstance) || perInstance < 1 || perInstance > MAX_PER_INSTANCE)
    throw new InvalidOption('draw.perInstance', perInstance, `a whole number from 1 to ${MAX_PER_INSTANCE}`)
  const args = new Uint32Array(words)
  args[0] = count
  return args
}

/**
 * @param max the device's largest workgroup, 0 where it has no compute shaders: then any size up to WebGPU's default is taken
 * @throws InvalidOption
 */
export function workgroupSizeOf(dispatch: DispatchShape, max: number): number {
  if (typeof dispatch !== 'object' || dispatch === null)
    throw new InvalidOption('dispatch', dispatch, 'an object: { workgroupSize: 64 }')
  const { workgroupSize } = dispatch
  const most = max === 0 ? 256 : max
  if (!Number.isInteger(workgroupSize) || workgroupSize < 1 || workgroupSize > most)
    throw new InvalidOption('dispatch.workgroupSize', workgroupSize, `a whole number from 1 to ${most}`)
  return workgroupSize
}
