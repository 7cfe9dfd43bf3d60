// The numbers of the file format; docs/recording.md has it byte by byte.

/** The first bytes of a file. */
export const MAGIC: Uint8Array = /* @__PURE__ */ new Uint8Array([0x4d, 0x4b, 0x52, 0x43])
/** Goes up with each change that older readers can't read. */
export const FORMAT_VERSION = 1
/** Of memkit, as the header has it. */
export const MEMKIT_VERSION = '0.1.0'

/** Flags of the header. */
export const DEFLATED = 1

/** The first byte of each part of the body. */
export const Tag = {
  group: 0x01,
  frame: 0x02,
  handOver: 0x03,
  lost: 0x04,
  groupEnd: 0x0f,
  mirror: 0x10,
  gone: 0x11,
  rows: 0x12,
  full: 0x13,
  arrived: 0x14,
  // 0x15 to 0x18 are kept for entities that entered and left, and for history.
  end: 0x7f,
} as const

/** Flags of a frame. */
export const FrameFlag = {
  /** Every mirror is defined in it, and has all its bytes. */
  keyframe: 1,
  /** Its time step was given, and follows. */
  timeStep: 2,
} as const

/** Flags of a hand-over. */
export const HandOverFlag = {
  /** The frame is complete. */
  last: 1,
} as const

export const LAYOUTS = ['rows', 'columns'] as const
export const DIRECTIONS = ['upload', 'download', 'both'] as const
/** What a mirror keeps of the step or frame before; only the first is written today. */
export const HISTORIES = ['none', 'frame', 'step'] as const
