/**
 * What a buffer may be used for. Combine with `|`.
 *
 * The values are WebGPU's own bits (`GPUBufferUsage.COPY_SRC` is `TRANSFER_SRC`, and so on): the specification fixes
 * them for good, so the WebGPU path needs no table, a number read in a debugger means the same in both worlds, and
 * somebody who passes `GPUBufferUsage` flags by habit gets what they meant. Nothing here reads the global
 * `GPUBufferUsage`, which Node does not have. Bits 1 and 2 (`MAP_READ`, `MAP_WRITE`) are no usages here: whether a
 * buffer can be mapped follows from its `MkMemoryType`.
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

/** Name of one usage flag. */
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

/** Name of one memory type. */
export type MkMemoryTypeName = keyof typeof MkMemoryType

/** One of the values of `MkMemoryType`. */
export type MkMemory = (typeof MkMemoryType)[MkMemoryTypeName]

/** All usages or'ed. */
export const ALL_USAGES: number = Object.values(MkBufferUsage).reduce<number>((all, flag) => all | flag, 0)

/** Flags as words, for messages: `VERTEX | TRANSFER_DST`; bits that mean nothing as hexadecimal. */
export function usageNames(flags: number): string {
  return flagNames(MkBufferUsage, flags)
}

/** Memory flags as words, for messages: `DeviceLocal | HostVisible`. */
export function memoryNames(flags: number): string {
  return flagNames(MkMemoryType, flags)
}

function flagNames(set: Readonly<Record<string, number>>, flags: number): string {
  const names: string[] = []
  let rest = flags
  for (const [name, flag] of Object.entries(set)) {
    if ((flags & flag) === 0) continue
    names.push(name)
    rest &= ~flag
  }
  if (rest !== 0) names.push(`0x${(rest >>> 0).toString(16)}`)
  return names.length === 0 ? 'none' : names.join(' | ')
}
