/**
 * The base of every error that memkit throws. `code` is stable and machine-readable; the message says what was
 * asked, what the limit is, and what to do.
 */
export abstract class MkError extends Error {
  /** Stable name of the error, equal to the name of its class, e.g. `'HeapFull'`. */
  abstract readonly code: string

  override get name(): string {
    return this.code
  }
}

// Sizes and alignments

/** A size, count or position that is negative, fractional, NaN or outside its range. Nothing was changed. */
export class InvalidSize extends MkError {
  readonly code = 'InvalidSize'
  /** What was given, e.g. `'heap.alloc: bytes'`. */
  readonly what: string
  readonly value: number
  readonly min: number
  readonly max: number

  constructor(what: string, value: number, min: number, max: number) {
    super(`${what} must be a whole number from ${min} to ${max}, not ${String(value)}.`)
    this.what = what
    this.value = value
    this.min = min
    this.max = max
  }
}

/** An alignment that is no power of two, or above what the memory can align to. Nothing was changed. */
export class InvalidAlignment extends MkError {
  readonly code = 'InvalidAlignment'
  /** What was given, e.g. `'heap.alloc: align'`. */
  readonly what: string
  readonly value: number
  readonly max: number

  constructor(what: string, value: number, max: number) {
    super(`${what} must be a power of two from 1 to ${max}, not ${String(value)}.`)
    this.what = what
    this.value = value
    this.max = max
  }
}

// Heap and ranges

/** No free piece of the heap is big enough. Nothing was changed; the heap stays usable. */
export class HeapFull extends MkError {
  readonly code = 'HeapFull'
  /** Label of the heap. */
  readonly heap: string
  /** Label of the block that was asked for. */
  readonly label: string
  /** Bytes asked for. */
  readonly asked: number
  /** Bytes free in all. */
  readonly free: number
  /** Bytes of the largest free piece: the most that one `alloc` can get. */
  readonly largestFree: number
  /** Bytes of the heap. */
  readonly bytes: number

  constructor(heap: string, label: string, asked: number, free: number, largestFree: number, bytes: number) {
    super(
      `${heap} has no room for ${asked} bytes of ${label}: ${free} of its ${bytes} bytes are free, ` +
        `${largestFree} in one piece. Raise \`bytes\` of createHeap or \`heapBytes\` of attachMk, MkCoordinator ` +
        `or MkAllocator, or free what is no longer needed (heap.leaks() lists what is held).`,
    )
    this.heap = heap
    this.label = label
    this.asked = asked
    this.free = free
    this.largestFree = largestFree
    this.bytes = bytes
  }
}

/** The platform has no memory of this size to reserve, nor a smaller one that would serve. */
export class ReserveRefused extends MkError {
  readonly code = 'ReserveRefused'
  /** Bytes asked for. */
  readonly asked: number
  /** Bytes of the smallest reserve that was tried. */
  readonly smallest: number

  constructor(asked: number, smallest: number, cause: unknown) {
    super(
      `The platform refused to reserve ${asked} bytes` +
        (smallest < asked ? `, and every smaller reserve down to ${smallest} bytes. ` : '. ') +
        'Ask for fewer `bytes`, and drop heaps that are no longer used.',
      { cause },
    )
    this.asked = asked
    this.smallest = smallest
  }
}

/** What was to be freed was never allocated here. Nothing was changed. */
export class NotAllocated extends MkError {
  readonly code = 'NotAllocated'
  /** Who was asked to free it. */
  readonly owner: string

  constructor(owner: string, what: string) {
    super(`${owner} did not allocate ${what}: free a piece where it was allocated, with what alloc returned.`)
    this.owner = owner
  }
}

/** What was to be freed has been freed before. Nothing was changed. */
export class DoubleFree extends MkError {
  readonly code = 'DoubleFree'
  /** Who was asked to free it. */
  readonly owner: string

  constructor(owner: string, what: string) {
    super(`${owner} has already freed ${what}: free each piece once, and drop what pointed to it.`)
    this.owner = owner
  }
}

// Frame memory

/** A frame needs more memory than its arena may hold. What was handed out before stays valid. */
export class ArenaFull extends MkError {
  readonly code = 'ArenaFull'
  /** Label of the arena. */
  readonly arena: string
  /** Bytes asked for. */
  readonly asked: number
  /** Bytes in use in this frame. */
  readonly used: number
  /** Bytes the arena holds, its spill blocks included. */
  readonly capacity: number
  /** The most bytes it may hold. */
  readonly maxBytes: number

  constructor(arena: string, asked: number, used: number, capacity: number, maxBytes: number) {
    super(
      `The ${arena} has no room for ${asked} bytes: it uses ${used} of ${capacity} bytes in this frame and may hold ` +
        `${maxBytes}. Raise \`frameArenaBytes\` (or \`maxBytes\` of a FrameArena), or rewind what the frame no longer needs.`,
    )
    this.arena = arena
    this.asked = asked
    this.used = used
    this.capacity = capacity
    this.maxBytes = maxBytes
  }
}

/** A rewind to a mark of another frame or arena, or to one that the arena was already rewound past. Nothing was changed. */
export class StaleMark extends MkError {
  readonly code = 'StaleMark'
  /** Label of the arena. */
  readonly arena: string
  readonly mark: number

  constructor(arena: string, mark: number) {
    super(
      `The ${arena} has no mark ${String(mark)} in this frame: rewind to marks of the same frame, the latest first.`,
    )
    this.arena = arena
    this.mark = mark
  }
}

/** An allocation from an arena that was disposed. */
export class ArenaDisposed extends MkError {
  readonly code = 'ArenaDisposed'
  /** Label of the arena. */
  readonly arena: string

  constructor(arena: string) {
    super(`The ${arena} was disposed: make a new one.`)
    this.arena = arena
  }
}

/** A list of an earlier frame, or of a part of this one that was rewound, was used. Nothing was changed. */
export class StaleFrameVec extends MkError {
  readonly code = 'StaleFrameVec'

  constructor() {
    super(
      'The memory of this list is gone: its frame has ended, or was rewound past it. Make one in every frame.',
    )
  }
}

/** Something that needs an open frame was called outside `beginFrame` … `endFrame`. Nothing was changed. */
export class NoOpenFrame extends MkError {
  readonly code = 'NoOpenFrame'
  /** What was called. */
  readonly call: string

  constructor(call: string) {
    super(`${call} needs an open frame. Call beginFrame() first, and endFrame() once per frame.`)
    this.call = call
  }
}

// Budgets, handles and phases

/** An allocation would pass the hard limit of its tag. Nothing was changed. */
export class BudgetExceeded extends MkError {
  readonly code = 'BudgetExceeded'
  readonly tag: string
  /** Bytes asked for. */
  readonly asked: number
  /** Bytes of the tag that are alive. */
  readonly used: number
  /** Bytes of the hard limit. */
  readonly hard: number

  constructor(tag: string, asked: number, used: number, hard: number) {
    super(
      `${asked} more bytes for ${tag} would pass its hard limit: ${used} of ${hard} bytes are in use. Free some, or ` +
        `raise \`hard\` in \`budgets\`.`,
    )
    this.tag = tag
    this.asked = asked
    this.used = used
    this.hard = hard
  }
}

/** A table of handles has no slot left. Nothing was changed. */
export class HandlesFull extends MkError {
  readonly code = 'HandlesFull'
  /** Slots of the table, those included whose generations are used up. */
  readonly max: number

  constructor(max: number) {
    super(
      `All ${max} slots of this table are in use or used up. Remove values, or spread them over several tables.`,
    )
    this.max = max
  }
}

/** A phase was ended twice. */
export class PhaseEnded extends MkError {
  readonly code = 'PhaseEnded'
  /** Name of the phase. */
  readonly phase: string

  constructor(phase: string) {
    super(`The phase ${phase} has ended already: call end() once for each beginPhase().`)
    this.phase = phase
  }
}

// Rows and columns

/** A row that does not exist. */
export class RowOutOfRange extends MkError {
  readonly code = 'RowOutOfRange'
  readonly row: number
  readonly rows: number

  constructor(row: number, rows: number) {
    super(`Row ${row} does not exist: rows go from 0 to ${rows - 1}. Make room for more rows first.`)
    this.row = row
    this.rows = rows
  }
}

/** A range of rows that is negative, fractional or passes the last row. */
export class RowsOutOfRange extends MkError {
  readonly code = 'RowsOutOfRange'
  readonly first: number
  readonly count: number
  readonly rows: number

  constructor(first: number, count: number, rows: number) {
    super(
      `Rows ${first} … ${first + count - 1} (${count} of them) do not lie within the ${rows} rows there are.`,
    )
    this.first = first
    this.count = count
    this.rows = rows
  }
}

/** A column layout that does not fit its row. */
export class PackLayoutInvalid extends MkError {
  readonly code = 'PackLayoutInvalid'
  /** Index of the column; −1 when the stride itself is wrong. */
  readonly column: number

  constructor(column: number, reason: string) {
    super(column < 0 ? `Rows cannot be packed: ${reason}` : `Column ${column} cannot be packed: ${reason}`)
    this.column = column
  }
}

/** A source column that cannot be read as numbers, or none at all. */
export class ColumnUnusable extends MkError {
  readonly code = 'ColumnUnusable'
  readonly column: number

  constructor(column: number, reason: string) {
    super(`Column ${column} cannot be read: ${reason}`)
    this.column = column
  }
}

/** Memory for rows or kernels that lies in another buffer, past the end of its own, or at no multiple of 4. Nothing was changed. */
export class WrongMemory extends MkError {
  readonly code = 'WrongMemory'

  constructor(what: string, reason: string) {
    super(`${what} cannot lie there: ${reason}`)
  }
}

/** A packer was used after `dispose()`: its memory may be somebody else's by now. */
export class PackerDisposed extends MkError {
  readonly code = 'PackerDisposed'

  constructor() {
    super('This ColumnPacker was disposed of. Make a new one.')
  }
}

// Layouts

/** A name that WGSL does not allow. */
export class InvalidIdentifier extends MkError {
  readonly code = 'InvalidIdentifier'
  readonly identifier: string
  /** What it was to name. */
  readonly of: 'field' | 'struct'
  readonly reason: string
  constructor(identifier: string, of: 'field' | 'struct', reason: string) {
    const remedy =
      of === 'field'
        ? "Rename the field; f32.from('column') reads it from a column of another name"
        : 'Choose another name'
    super(`${JSON.stringify(identifier)} cannot name a ${of} in WGSL: ${reason}. ${remedy}.`)
    this.identifier = identifier
    this.of = of
    this.reason = reason
  }
}

/** A type or struct that cannot be built. */
export class InvalidSchema extends MkError {
  readonly code = 'InvalidSchema'
  /** The type, as far as it is known. */
  readonly schema: string
  readonly reason: string
  constructor(schema: string, reason: string) {
    super(`${schema}: ${reason}.`)
    this.schema = schema
    this.reason = reason
  }
}

/** Something that is no type which may lie in a buffer. */
export class NotHostShareable extends MkError {
  readonly code = 'NotHostShareable'
  readonly given: string
  constructor(given: string) {
    super(
      `${given} is no type that can lie in a buffer. Use f32, i32, u32, f16, vectors, matrices, array, atomic and struct, or such schemas of TypeGPU (u32 instead of bool).`,
    )
    this.given = given
  }
}

/** An array whose count is no positive integer, or that is too big. */
export class InvalidArrayCount extends MkError {
  readonly code = 'InvalidArrayCount'
  readonly element: string
  readonly count: number
  readonly max: number
  constructor(element: string, count: number, max: number) {
    super(
      `An array of ${element} has 1 to ${max} elements, not ${count}; leave the count out for a runtime-sized array.`,
    )
    this.element = element
    this.count = count
    this.max = max
  }
}

/** A runtime-sized array that is not the last field of the outermost struct. */
export class RuntimeArrayNotLast extends MkError {
  readonly code = 'RuntimeArrayNotLast'
  readonly field: string
  readonly reason: string
  constructor(field: string, reason: string) {
    super(
      `${field} is runtime-sized, and ${reason}: such an array can only be the last field of the outermost struct. Give it a count, or move it.`,
    )
    this.field = field
    this.reason = reason
  }
}

/** An `align` or `size` that WGSL does not allow for that field. */
export class InvalidAttribute extends MkError {
  readonly code = 'InvalidAttribute'
  readonly field: string
  readonly attribute: 'align' | 'size'
  /** Bytes that were asked for. */
  readonly bytes: number
  readonly allowed: string
  constructor(field: string, attribute: 'align' | 'size', bytes: number, allowed: string) {
    super(`@${attribute}(${bytes}) of field ${field} must be ${allowed}.`)
    this.field = field
    this.attribute = attribute
    this.bytes = bytes
    this.allowed = allowed
  }
}

/** `from` with more or fewer columns than the type has scalars. */
export class WrongColumnCount extends MkError {
  readonly code = 'WrongColumnCount'
  readonly type: string
  readonly expected: number
  readonly given: number
  constructor(type: string, expected: number, given: number) {
    super(`${type}.from(…) takes the names of ${expected} column${expected === 1 ? '' : 's'}, not ${given}.`)
    this.type = type
    this.expected = expected
    this.given = given
  }
}

/** A type that breaks the rules of an address space. */
export class InvalidLayout extends MkError {
  readonly code = 'InvalidLayout'
  readonly type: string
  readonly space: 'uniform' | 'storage'
  /** Every place that breaks a rule. */
  readonly problems: readonly { readonly path: string; readonly reason: string }[]
  constructor(
    type: string,
    space: 'uniform' | 'storage',
    problems: readonly { readonly path: string; readonly reason: string }[],
  ) {
    const list = problems
      .map(({ path, reason }) => `${path === '' ? 'the type itself' : path}: ${reason}`)
      .join('; ')
    super(`${type} cannot be used in the ${space} address space. ${list}.`)
    this.type = type
    this.space = space
    this.problems = problems
  }
}

/** A column whose values have no WGSL type. */
export class ColumnNotSyncable extends MkError {
  readonly code = 'ColumnNotSyncable'
  readonly column: string
  /** What was given, e.g. `'BigInt64Array'`. */
  readonly kind: string
  constructor(column: string, kind: string) {
    const remedy = kind.startsWith('Big')
      ? 'WGSL has no 64-bit integers: use two 32-bit columns'
      : 'use a typed array of 8 to 32 bits or floats, or an array of numbers'
    super(`${column === '' ? 'The column' : `Column ${column}`} is a ${kind}; ${remedy}.`)
    this.column = column
    this.kind = kind
  }
}

/** A value that is not what its WGSL type holds. */
export class InvalidValue extends MkError {
  readonly code = 'InvalidValue'
  /** Way to it, with dots; empty for the whole value. */
  readonly path: string
  readonly expected: string

  constructor(path: string, expected: string, given: unknown) {
    const shown =
      typeof given === 'object' && given !== null ? Object.prototype.toString.call(given) : String(given)
    super(`${path === '' ? 'The value' : path} must be ${expected}, not ${shown}.`)
    this.path = path
    this.expected = expected
  }
}

/** A field whose name has another meaning in a store. */
export class ReservedField extends MkError {
  readonly code = 'ReservedField'
  readonly field: string
  /** All names that are taken. */
  readonly reserved: readonly string[]

  constructor(field: string, reserved: readonly string[]) {
    super(
      `No field of a store can be named ${field}: ${reserved.join(', ')} have a meaning of their own. Rename it.`,
    )
    this.field = field
    this.reserved = reserved
  }
}
