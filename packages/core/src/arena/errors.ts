import { defineError, type ErrorClass } from '../mk-error.ts'

/**
 * A frame needs more memory than its arena may hold. What was handed out before stays valid.
 *
 * What to do: raise `frameArenaBytes` (or `maxBytes` of a FrameArena), or rewind what the frame no
 * longer needs.
 */
export const ArenaFull: ErrorClass<{
  code: 'ArenaFull'
  arena: string
  /** Bytes asked for. */
  asked: number
  /** Bytes in use in this frame. */
  used: number
  /** Bytes the arena holds, its spill blocks included. */
  capacity: number
  /** The most bytes it may hold. */
  maxBytes: number
}> = defineError(
  'ArenaFull',
  ({ arena, asked, used, capacity, maxBytes }) =>
    `The ${arena} has no room for ${asked} bytes: it uses ${used} of ${capacity} bytes in this frame and may hold ` +
    `${maxBytes}. Raise \`frameArenaBytes\` (or \`maxBytes\` of a FrameArena), or rewind what the frame no longer needs.`,
)
export type ArenaFull = InstanceType<typeof ArenaFull>

/**
 * A rewind to a mark of another frame or arena, or to a mark that the arena was rewound past.
 * Nothing was changed.
 *
 * What to do: rewind to marks of the same frame, the latest first.
 */
export const StaleMark: ErrorClass<{ code: 'StaleMark'; arena: string; mark: number }> = defineError(
  'StaleMark',
  ({ arena, mark }) =>
    `The ${arena} has no mark ${String(mark)} in this frame: rewind to marks of the same frame, the latest first.`,
)
export type StaleMark = InstanceType<typeof StaleMark>

/**
 * An allocation from an arena that was disposed.
 *
 * What to do: make a new one.
 */
export const ArenaDisposed: ErrorClass<{ code: 'ArenaDisposed'; arena: string }> = defineError(
  'ArenaDisposed',
  ({ arena }) => `The ${arena} was disposed: make a new one.`,
)
export type ArenaDisposed = InstanceType<typeof ArenaDisposed>

/**
 * Something that needs an open frame was called outside `beginFrame` … `endFrame`. Nothing was
 * changed.
 *
 * What to do: call `beginFrame()` first, and `endFrame()` once per frame.
 */
export const NoOpenFrame: ErrorClass<{ code: 'NoOpenFrame'; call: string }> = defineError(
  'NoOpenFrame',
  ({ call }) => `${call} needs an open frame. Call beginFrame() first, and endFrame() once per frame.`,
)
export type NoOpenFrame = InstanceType<typeof NoOpenFrame>
