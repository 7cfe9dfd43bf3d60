/**
 * What a buffer may be used for. Combine with `|`.
 *
 * The values are WebGPU's own bits, which its specification has fixed, so `GPUBufferUsage` flags work,
 * too; that global isn't read, because Node doesn't have it. `MAP_READ` and `MAP_WRITE` aren't usages
 * here: whether a buffer can be mapped follows from its `MkMemoryType`.
 */
export const MkBufferUsage = {
  /** Source of copies and readbacks. */
  TRANSFER_SRC: 0x0004,
  /** Destination of writes and copies. */
  TRANSFER_DST: 0x0008,
  INDEX: 0x0010,
  VERTEX: 0x0020,
  UNIFORM: 0x0040,
  STORAGE: 0x0080,
  INDIRECT: 0x0100,
} as const

export type MkBufferUsageName = keyof typeof MkBufferUsage

/** Where a buffer's memory lives. A backend lists what it has in `capabilities.memoryTypes`. */
export const MkMemoryType = {
  /** The device's own: fast there, never mapped. */
  DeviceLocal: 1,
  /** Written by the CPU, read by the device: the source of transfers. */
  HostVisible: 2,
  /** Written by the device, read by the CPU: the destination of readbacks. */
  HostCached: 4,
  /** One memory for both, mapped while the device uses it. */
  Unified: 8,
} as const

export type MkMemoryTypeName = keyof typeof MkMemoryType

export type MkMemory = (typeof MkMemoryType)[MkMemoryTypeName]

export const ALL_USAGES: number = Object.values(MkBufferUsage).reduce<number>((all, flag) => all | flag, 0)

/** Flags as words, for messages: `VERTEX | TRANSFER_DST`; unknown bits as hexadecimal. */
export function usageNames(flags: number): string {
  return flagNames(MkBufferUsage, flags)
}

/** Memory flags as words, for messages: `DeviceLocal | HostVisible`. */
export function memoryNames(flags: number): string {
  return flagNames(MkMemoryType, flags)
}

function flagNames(set: Readonly<Record<string, number>>, flags: number): string {
  const known = Object.entries(set).filter(([, flag]) => (flags & flag) !== 0)
  const names = known.map(([name]) => name)
  const rest = known.reduce((left, [, flag]) => left & ~flag, flags)
  if (rest !== 0) names.push(`0x${(rest >>> 0).toString(16)}`)
  return names.length === 0 ? 'none' : names.join(' | ')
}
