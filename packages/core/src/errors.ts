import { hasBrand, isInstance } from './brand.ts'

// One class per error. The comment of a class is its place in docs/errors.md (`npm run errors`): what it means, what state things
// are in, then after "What to do:" the way out. Fields are declared alone: MkError sets them, which keeps the classes small.

/**
 * The base of every error that memkit throws. `code` is stable and machine-readable; the message says what was
 * asked, what the limit is, and what to do.
 */
export abstract class MkError extends Error {
  /** Also an error of another copy of the packages. Of a subclass: of this copy alone; see {@link hasCode}. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === MkError ? hasBrand(value, 'MkError') : isInstance(value, this)
  }

  /** @internal */
  get '@memkit/class'(): 'MkError' {
    return 'MkError'
  }

  /** Stable name of the error, equal to the name of its class, e.g. `'HeapFull'`. */
  abstract readonly code: string

  /**
   * @param fields become properties of the error: what was asked, what is allowed
   * @param options `cause`: what was caught
   */
  constructor(message: string, fields?: object, options?: { cause?: unknown }) {
    super(message, options)
    Object.assign(this, fields)
  }

  override get name(): string {
    return this.code
  }
}

/**
 * Whether something that was caught is the error of that code, also when another copy of the packages threw it.
 *
 * ```ts
 * catch (error) {
 *   if (hasCode(error, 'HeapFull')) …
 * }
 * ```
 */
export function hasCode<C extends string>(error: unknown, code: C): error is MkError & { readonly code: C } {
  return error instanceof MkError && error.code === code
}

// Sizes and alignments

/**
 * A size, count or position that is negative, fractional, NaN or outside its range. Nothing was changed.
 *
 * What to do: pass a whole number from `min` to `max`.
 */
export class InvalidSize extends MkError {
  readonly code = 'InvalidSize'
  /** What was given, e.g. `'heap.alloc: bytes'`. */
  declare readonly what: string
  declare readonly value: number
  declare readonly min: number
  declare readonly max: number

  constructor(what: string, value: number, min: number, max: number) {
    super(`${what} must be a whole number from ${min} to ${max}, not ${String(value)}.`, {
      what,
      value,
      min,
      max,
    })
  }
}

/**
 * An alignment that is no power of two, or above what the memory can align to. Nothing was changed.
 *
 * What to do: pass a power of two from 1 to `max`.
 */
export class InvalidAlignment extends MkError {
  readonly code = 'InvalidAlignment'
  /** What was given, e.g. `'heap.alloc: align'`. */
  declare readonly what: string
  declare readonly value: number
  declare readonly max: number

  constructor(what: string, value: number, max: number) {
    super(`${what} must be a power of two from 1 to ${max}, not ${String(value)}.`, { what, value, max })
  }
}

// Heap and ranges

/**
 * No free piece of the heap is big enough. Nothing was changed; the heap stays usable.
 *
 * What to do: raise `bytes` of createHeap or `heapBytes` of attachMk, MkCoordinator or MkAllocator, or free what is no longer needed
 * (`heap.leaks()` lists what is held).
 */
export class HeapFull extends MkError {
  readonly code = 'HeapFull'
  /** Label of the heap. */
  declare readonly heap: string
  /** Label of the block that was asked for. */
  declare readonly label: string
  /** Bytes asked for. */
  declare readonly asked: number
  /** Bytes free in all. */
  declare readonly free: number
  /** Bytes of the largest free piece: the most that one `alloc` can get. */
  declare readonly largestFree: number
  /** Bytes of the heap. */
  declare readonly bytes: number

  constructor(heap: string, label: string, asked: number, free: number, largestFree: number, bytes: number) {
    super(
      `${heap} has no room for ${asked} bytes of ${label}: ${free} of its ${bytes} bytes are free, ` +
        `${largestFree} in one piece. Raise \`bytes\` of createHeap or \`heapBytes\` of attachMk, MkCoordinator ` +
        `or MkAllocator, or free what is no longer needed (heap.leaks() lists what is held).`,
      { heap, label, asked, free, largestFree, bytes },
    )
  }
}

/**
 * The platform has no memory of this size to reserve, be it of WebAssembly or plain, nor a smaller one that would serve.
 *
 * What to do: ask for fewer `bytes`, and drop heaps that are no longer used.
 */
export class ReserveRefused extends MkError {
  readonly code = 'ReserveRefused'
  /** Bytes asked for. */
  declare readonly asked: number
  /** Bytes of the smallest reserve that was tried. */
  declare readonly smallest: number

  constructor(asked: number, smallest: number, cause: unknown) {
    super(
      `The platform refused to reserve ${asked} bytes` +
        (smallest < asked ? `, and every smaller reserve down to ${smallest} bytes. ` : '. ') +
        'Ask for fewer `bytes`, and drop heaps that are no longer used.',
      { asked, smallest },
      { cause },
    )
  }
}

/**
 * What was to be freed was never allocated here. Nothing was changed.
 *
 * What to do: free a piece where it was allocated, with what `alloc` returned.
 */
export class NotAllocated extends MkError {
  readonly code = 'NotAllocated'
  /** Who was asked to free it. */
  declare readonly owner: string

  constructor(owner: string, what: string) {
    super(
      `${owner} did not allocate ${what}: free a piece where it was allocated, with what alloc returned.`,
      {
        owner,
      },
    )
  }
}

/**
 * What was to be freed has been freed before. Nothing was changed.
 *
 * What to do: free each piece once, and drop what pointed to it.
 */
export class DoubleFree extends MkError {
  readonly code = 'DoubleFree'
  /** Who was asked to free it. */
  declare readonly owner: string

  constructor(owner: string, what: string) {
    super(`${owner} has already freed ${what}: free each piece once, and drop what pointed to it.`, { owner })
  }
}

// Frame memory

/**
 * A frame needs more memory than its arena may hold. What was handed out before stays valid.
 *
 * What to do: raise `frameArenaBytes` (or `maxBytes` of a FrameArena), or rewind what the frame no longer needs.
 */
export class ArenaFull extends MkError {
  readonly code = 'ArenaFull'
  /** Label of the arena. */
  declare readonly arena: string
  /** Bytes asked for. */
  declare readonly asked: number
  /** Bytes in use in this frame. */
  declare readonly used: number
  /** Bytes the arena holds, its spill blocks included. */
  declare readonly capacity: number
  /** The most bytes it may hold. */
  declare readonly maxBytes: number

  constructor(arena: string, asked: number, used: number, capacity: number, maxBytes: number) {
    super(
      `The ${arena} has no room for ${asked} bytes: it uses ${used} of ${capacity} bytes in this frame and may hold ` +
        `${maxBytes}. Raise \`frameArenaBytes\` (or \`maxBytes\` of a FrameArena), or rewind what the frame no longer needs.`,
      { arena, asked, used, capacity, maxBytes },
    )
  }
}

/**
 * A rewind to a mark of another frame or arena, or to one that the arena was already rewound past. Nothing was changed.
 *
 * What to do: rewind to marks of the same frame, the latest first.
 */
export class StaleMark extends MkError {
  readonly code = 'StaleMark'
  /** Label of the arena. */
  declare readonly arena: string
  declare readonly mark: number

  constructor(arena: string, mark: number) {
    super(
      `The ${arena} has no mark ${String(mark)} in this frame: rewind to marks of the same frame, the latest first.`,
      { arena, mark },
    )
  }
}

/**
 * An allocation from an arena that was disposed.
 *
 * What to do: make a new one.
 */
export class ArenaDisposed extends MkError {
  readonly code = 'ArenaDisposed'
  /** Label of the arena. */
  declare readonly arena: string

  constructor(arena: string) {
    super(`The ${arena} was disposed: make a new one.`, { arena })
  }
}

/**
 * A list of an earlier frame, or of a part of this one that was rewound, was used. Nothing was changed.
 *
 * What to do: make the list anew in every frame.
 */
export class StaleFrameVec extends MkError {
  readonly code = 'StaleFrameVec'

  constructor() {
    super(
      'The memory of this list is gone: its frame has ended, or was rewound past it. Make one in every frame.',
    )
  }
}

/**
 * Something that needs an open frame was called outside `beginFrame` … `endFrame`. Nothing was changed.
 *
 * What to do: call `beginFrame()` first, and `endFrame()` once per frame.
 */
export class NoOpenFrame extends MkError {
  readonly code = 'NoOpenFrame'
  /** What was called. */
  declare readonly call: string

  constructor(call: string) {
    super(`${call} needs an open frame. Call beginFrame() first, and endFrame() once per frame.`, { call })
  }
}

// Budgets, handles and phases

/**
 * An allocation would pass the hard limit of its tag. Nothing was changed.
 *
 * What to do: free some of what the tag holds, or raise `hard` in `budgets`.
 */
export class BudgetExceeded extends MkError {
  readonly code = 'BudgetExceeded'
  declare readonly tag: string
  /** Bytes asked for. */
  declare readonly asked: number
  /** Bytes of the tag that are alive. */
  declare readonly used: number
  /** Bytes of the hard limit. */
  declare readonly hard: number

  constructor(tag: string, asked: number, used: number, hard: number) {
    super(
      `${asked} more bytes for ${tag} would pass its hard limit: ${used} of ${hard} bytes are in use. Free some, or ` +
        `raise \`hard\` in \`budgets\`.`,
      { tag, asked, used, hard },
    )
  }
}

/**
 * A table of handles has no slot left. Nothing was changed.
 *
 * What to do: remove values, or spread them over several tables.
 */
export class HandlesFull extends MkError {
  readonly code = 'HandlesFull'
  /** Slots of the table, those included whose generations are used up. */
  declare readonly max: number

  constructor(max: number) {
    super(
      `All ${max} slots of this table are in use or used up. Remove values, or spread them over several tables.`,
      { max },
    )
  }
}

/**
 * A phase was ended twice.
 *
 * What to do: call `end()` once for each `beginPhase()`.
 */
export class PhaseEnded extends MkError {
  readonly code = 'PhaseEnded'
  /** Name of the phase. */
  declare readonly phase: string

  constructor(phase: string) {
    super(`The phase ${phase} has ended already: call end() once for each beginPhase().`, { phase })
  }
}

// Rows and columns

/**
 * A row that does not exist. Nothing was changed.
 *
 * What to do: name a row from 0 to `rows` − 1, or make room for more rows first.
 */
export class RowOutOfRange extends MkError {
  readonly code = 'RowOutOfRange'
  declare readonly row: number
  declare readonly rows: number

  constructor(row: number, rows: number) {
    super(
      `Row ${row} does not exist: there are ${rows} rows, counted from 0. Make room for more rows first.`,
      { row, rows },
    )
  }
}

/**
 * A range of rows that is negative, fractional or passes the last row. Nothing was changed.
 *
 * What to do: name rows from 0 to `rows` − 1, or make room for more rows first.
 */
export class RowsOutOfRange extends MkError {
  readonly code = 'RowsOutOfRange'
  declare readonly first: number
  declare readonly count: number
  declare readonly rows: number

  constructor(first: number, count: number, rows: number) {
    super(
      `A range of ${count} rows from row ${first} on does not lie within the ${rows} rows there are. Make room for more rows first.`,
      { first, count, rows },
    )
  }
}

/**
 * A column layout that does not fit its row. Nothing was made.
 *
 * What to do: give each scalar a place of its own within the stride, as the message says.
 */
export class PackLayoutInvalid extends MkError {
  readonly code = 'PackLayoutInvalid'
  /** Index of the column; −1 when the stride itself is wrong. */
  declare readonly column: number

  constructor(column: number, reason: string) {
    super(`${column < 0 ? 'Rows' : `Column ${column}`} cannot be packed: ${reason}`, { column })
  }
}

/**
 * A source column that cannot be read as numbers, or none at all. Nothing was packed.
 *
 * What to do: bind a typed array of 8 to 32 bits or floats, or an array of numbers, to every column.
 */
export class ColumnUnusable extends MkError {
  readonly code = 'ColumnUnusable'
  declare readonly column: number

  constructor(column: number, reason: string) {
    super(`Column ${column} cannot be read: ${reason}`, { column })
  }
}

/**
 * Memory for rows or kernels that lies in another buffer, past the end of its own, or at no multiple of 4. Nothing was changed.
 *
 * What to do: place it as the message says; what kernels work on lies in the memory that they were made for.
 */
export class WrongMemory extends MkError {
  readonly code = 'WrongMemory'

  constructor(what: string, reason: string) {
    super(`${what} cannot lie there: ${reason}`)
  }
}

/**
 * A packer was used after `dispose()`: its memory may be somebody else's by now.
 *
 * What to do: make a new ColumnPacker.
 */
export class PackerDisposed extends MkError {
  readonly code = 'PackerDisposed'

  constructor() {
    super('This ColumnPacker was disposed of. Make a new one.')
  }
}

// Layouts

/**
 * A name that WGSL does not allow, or that would hide one of its types or functions.
 *
 * What to do: choose another name: a `label` for a struct, a `name` in `wgsl(group, binding, { name })` for a variable; `f32.from('column')`
 * reads a field from a column of another name.
 */
export class InvalidIdentifier extends MkError {
  readonly code = 'InvalidIdentifier'
  declare readonly identifier: string
  /** What it was to name. */
  declare readonly of: 'field' | 'struct' | 'variable'
  declare readonly reason: string

  constructor(
    identifier: string,
    of: 'field' | 'struct' | 'variable',
    reason: string,
    remedy: string = of === 'field'
      ? "Rename the field; f32.from('column') reads it from a column of another name"
      : 'Choose another name',
  ) {
    super(`${JSON.stringify(identifier)} cannot name a ${of} in WGSL: ${reason}. ${remedy}.`, {
      identifier,
      of,
      reason,
    })
  }
}

/**
 * A type or struct that cannot be built, or that cannot be used where it was given.
 *
 * What to do: change the type as the message says.
 */
export class InvalidSchema extends MkError {
  readonly code = 'InvalidSchema'
  /** The type, as far as it is known. */
  declare readonly schema: string
  declare readonly reason: string

  constructor(schema: string, reason: string) {
    super(`${schema}: ${reason}.`, { schema, reason })
  }
}

/**
 * Something that is no type which may lie in a buffer.
 *
 * What to do: use f32, i32, u32, f16, vectors, matrices, array, atomic and struct, or such schemas of TypeGPU (u32 instead of bool).
 */
export class NotHostShareable extends MkError {
  readonly code = 'NotHostShareable'
  declare readonly given: string

  constructor(given: string) {
    super(
      `${given} is no type that can lie in a buffer. Use f32, i32, u32, f16, vectors, matrices, array, atomic and struct, or such schemas of TypeGPU (u32 instead of bool).`,
      { given },
    )
  }
}

/**
 * An array whose count is no positive integer, or that is too big.
 *
 * What to do: give it 1 to `max` elements; leave the count out for a runtime-sized array.
 */
export class InvalidArrayCount extends MkError {
  readonly code = 'InvalidArrayCount'
  declare readonly element: string
  declare readonly count: number
  declare readonly max: number

  constructor(element: string, count: number, max: number) {
    super(
      `An array of ${element} has 1 to ${max} elements, not ${count}; leave the count out for a runtime-sized array.`,
      { element, count, max },
    )
  }
}

/**
 * A runtime-sized array that is not the last field of the outermost struct.
 *
 * What to do: give it a count, or make it the last field.
 */
export class RuntimeArrayNotLast extends MkError {
  readonly code = 'RuntimeArrayNotLast'
  declare readonly field: string
  declare readonly reason: string

  constructor(field: string, reason: string) {
    super(
      `${field} is runtime-sized, and ${reason}: such an array can only be the last field of the outermost struct. Give it a count, or move it.`,
      { field, reason },
    )
  }
}

/**
 * An `align` or `size` that WGSL does not allow for that field.
 *
 * What to do: pass what `allowed` says.
 */
export class InvalidAttribute extends MkError {
  readonly code = 'InvalidAttribute'
  declare readonly field: string
  declare readonly attribute: 'align' | 'size'
  /** Bytes that were asked for. */
  declare readonly bytes: number
  declare readonly allowed: string

  constructor(field: string, attribute: 'align' | 'size', bytes: number, allowed: string) {
    super(`@${attribute}(${bytes}) of field ${field} must be ${allowed}.`, {
      field,
      attribute,
      bytes,
      allowed,
    })
  }
}

/**
 * `from` with more or fewer columns than the type has scalars.
 *
 * What to do: name one column per scalar, `expected` of them.
 */
export class WrongColumnCount extends MkError {
  readonly code = 'WrongColumnCount'
  declare readonly type: string
  declare readonly expected: number
  declare readonly given: number

  constructor(type: string, expected: number, given: number) {
    super(
      `${type}.from(…) takes the names of ${expected} column${expected === 1 ? '' : 's'}, not ${given}.`,
      {
        type,
        expected,
        given,
      },
    )
  }
}

/**
 * A type that breaks the rules of an address space.
 *
 * What to do: change each place that `problems` lists, as its reason says, or use the type in the other address space.
 */
export class InvalidLayout extends MkError {
  readonly code = 'InvalidLayout'
  declare readonly type: string
  declare readonly space: 'uniform' | 'storage'
  /** Every place that breaks a rule. */
  declare readonly problems: readonly { readonly path: string; readonly reason: string }[]

  constructor(
    type: string,
    space: 'uniform' | 'storage',
    problems: readonly { readonly path: string; readonly reason: string }[],
  ) {
    const list = problems
      .map(({ path, reason }) => `${path === '' ? 'the type itself' : path}: ${reason}`)
      .join('; ')
    super(`${type} cannot be used in the ${space} address space. ${list}.`, { type, space, problems })
  }
}

/**
 * A column whose values have no WGSL type.
 *
 * What to do: use a typed array of 8 to 32 bits or floats, or an array of numbers; two 32-bit columns for 64-bit integers.
 */
export class ColumnNotSyncable extends MkError {
  readonly code = 'ColumnNotSyncable'
  declare readonly column: string
  /** What was given, e.g. `'BigInt64Array'`. */
  declare readonly kind: string

  constructor(column: string, kind: string) {
    const remedy = kind.startsWith('Big')
      ? 'WGSL has no 64-bit integers: use two 32-bit columns'
      : 'use a typed array of 8 to 32 bits or floats, or an array of numbers'
    super(`${column === '' ? 'The column' : `Column ${column}`} is a ${kind}; ${remedy}.`, { column, kind })
  }
}

/**
 * A value that is not what its WGSL type holds.
 *
 * What to do: pass what `expected` says at `path`.
 */
export class InvalidValue extends MkError {
  readonly code = 'InvalidValue'
  /** Way to it, with dots; empty for the whole value. */
  declare readonly path: string
  declare readonly expected: string

  constructor(path: string, expected: string, given: unknown) {
    const shown =
      typeof given === 'object' && given !== null ? Object.prototype.toString.call(given) : String(given)
    super(`${path === '' ? 'The value' : path} must be ${expected}, not ${shown}.`, { path, expected })
  }
}

/**
 * A field whose name has another meaning in a store.
 *
 * What to do: rename it to anything but what `reserved` lists.
 */
export class ReservedField extends MkError {
  readonly code = 'ReservedField'
  declare readonly field: string
  /** All names that are taken. */
  declare readonly reserved: readonly string[]

  constructor(field: string, reserved: readonly string[]) {
    super(
      `No field of a store can be named ${field}: ${reserved.join(', ')} have a meaning of their own. Rename it.`,
      { field, reserved },
    )
  }
}
