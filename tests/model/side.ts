import type { GpuQuery, MkSync } from '@memkit/ecs-plugin'
import type { MkDeviceBuffer } from '@memkit/gpu'
import { createEntityIndex, createWorld, withVersioning } from 'bitecs'
import type { ComponentModel, QueryModel } from './model.ts'

/** Most entities of a world, so that a program stays quick. */
export const MAX_ENTITIES = 160

export interface LivingQuery {
  readonly query: GpuQuery
  readonly model: QueryModel
  readonly draw: readonly number[] | undefined
  /** Index of the component whose rows it lists. */
  readonly rowsOf: number | undefined
  /** Prefabs that matched when they were made, while the query was followed. */
  readonly listed: Set<number>
  /** False from a reset of the world until the next stage. */
  follows: boolean
}

/** One world with its sync and its models. */
export interface Side {
  readonly world: object
  mk: MkSync<object>
  models: ComponentModel[]
  queries: LivingQuery[]
  tables: Set<number>
  /** Bits of an entity's id that are its number. */
  mask: number
  /** The first of all, which others relate to, and entities that nothing ever happens to. */
  crowd: number[]
  prefabs: number[]
  /** Living entities besides them, in the order in which they came. */
  entities: number[]
  open: boolean
  staged: boolean
  /** Frames abandoned since the last report. */
  abandoned: number
  /** Nothing was done since the last frame ended. */
  quiet: boolean
  /** Nor in the frame before: columns that were hot have cooled. */
  isCool: boolean
  warnings: string[]
  /** Device buffer of every component when last compared, and its generation. */
  generations: Map<number, { readonly buffer: MkDeviceBuffer; readonly generation: number }>
  /** What was staged in the open frame, and what must be there at its end. */
  pieces: { readonly buffer: MkDeviceBuffer; readonly offset: number; readonly words: Uint32Array }[]
  /** Lets go of memory that was taken from the heap. */
  unhog: (() => void) | undefined
  /** The device holds what was last staged. */
  flushed: boolean
  /** Staging failed for want of memory: the device need not hold everything in this frame. */
  failed: boolean
}

export function newSide(versioned: boolean): Side {
  return {
    world: versioned ? createWorld(createEntityIndex(withVersioning(8))) : createWorld(),
    mk: undefined as never,
    models: [],
    queries: [],
    tables: new Set(),
    mask: versioned ? 0xffffff : -1,
    crowd: [],
    prefabs: [],
    entities: [],
    open: false,
    staged: false,
    abandoned: 0,
    quiet: false,
    isCool: false,
    warnings: [],
    generations: new Map(),
    pieces: [],
    unhog: undefined,
    flushed: false,
    failed: false,
  }
}
