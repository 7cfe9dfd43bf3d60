import { checkOption } from '../options.ts'

/** What one instance draws. `vertexCount` and `indexCount` count those of all its entities. */
export type DrawShape = ({ readonly vertexCount: number } | { readonly indexCount: number }) & {
  /**
   * Entities per instance, default 1. A GPU works on the vertices of one instance side by side, so
   * an instance of a few vertices leaves most of it idle. Unused places of the last instance hold
   * `NO_ENTITY`.
   */
  readonly perInstance?: number
}

/** How a compute shader runs over the list: one invocation per entity. */
export interface DispatchShape {
  /** Invocations per workgroup, as in the shader: `@workgroup_size(64)`. One-dimensional. */
  readonly workgroupSize: number
}

// A device draws no faster with more than a few hundred vertices per instance.
const MAX_PER_INSTANCE = 1024
/** WebGPU's default limit, for devices without compute shaders. */
const DEFAULT_MAX_WORKGROUP_SIZE = 256

/** Returns the words of `drawIndirect` (4) or `drawIndexedIndirect` (5), for no instances yet. */
export function drawWords(draw: DrawShape): Uint32Array<ArrayBuffer> {
  checkObject('draw', draw, '{ vertexCount: 6 } or { indexCount: 36 }')
  const { vertexCount, indexCount, perInstance = 1 } = draw as Record<string, number | undefined>
  const isIndexed = vertexCount === undefined
  const count = isIndexed ? indexCount : vertexCount
  const isEither = isIndexed !== (indexCount === undefined)
  checkOption(isEither && count !== undefined, 'draw', draw, 'given either a vertexCount or an indexCount')
  const name = isIndexed ? 'draw.indexCount' : 'draw.vertexCount'
  checkOption(isWhole(count, 0, 2 ** 32 - 1), name, count, 'a whole number from 0 to 2³² − 1')
  const allowed = `a whole number from 1 to ${MAX_PER_INSTANCE}`
  checkOption(isWhole(perInstance, 1, MAX_PER_INSTANCE), 'draw.perInstance', perInstance, allowed)
  const words = new Uint32Array(isIndexed ? 5 : 4)
  words[0] = count
  return words
}

/** @param max the device's largest workgroup, 0 where it has no compute shaders */
export function workgroupSizeOf(dispatch: DispatchShape, max: number): number {
  checkObject('dispatch', dispatch, '{ workgroupSize: 64 }')
  const { workgroupSize } = dispatch
  const most = max === 0 ? DEFAULT_MAX_WORKGROUP_SIZE : max
  const allowed = `a whole number from 1 to ${most}`
  checkOption(isWhole(workgroupSize, 1, most), 'dispatch.workgroupSize', workgroupSize, allowed)
  return workgroupSize
}

function checkObject(option: string, value: unknown, example: string): void {
  checkOption(typeof value === 'object' && value !== null, option, value, `an object: ${example}`)
}

function isWhole(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max
}
