import type { DirtyRows } from '../dirty-rows.ts'
import { createJsKernels } from './js-kernels.ts'
import { createWasmKernels } from './wasm-kernels.ts'

/**
 * The inner loops, over one linear memory. Two kinds with bit-identical results: WebAssembly SIMD, and JavaScript
 * where WebAssembly or SIMD is refused. All addresses are bytes from the start of the memory. Nothing here
 * allocates, and no address is checked: `ColumnPacker` does that.
 */
export interface Kernels {
  readonly kind: 'wasm-simd' | 'js'

  /**
   * For each row of `first … first + count − 1` that is in the mask: compares the scalars of its groups with the
   * row in the target, bit by bit, and where one differs writes them and sets the row's dirty bit.
   * @param groups address of a group table (see `group-table.ts`), its work area behind it
   * @param groupCount groups in the table
   * @param target address of row 0
   * @param stride bytes from row to row
   * @param words address of the dirty words of row 0
   * @param summary address of their summary
   * @param mask address of the mask's words, −1 for all rows
   * @param maskSummary address of the mask's summary
   * @param force 1: every row in the mask counts as different
   * @returns how many rows differed
   */
  diffPack(
    groups: number,
    groupCount: number,
    first: number,
    count: number,
    target: number,
    stride: number,
    words: number,
    summary: number,
    mask: number,
    maskSummary: number,
    force: 0 | 1,
  ): number

  /**
   * Copies the dirty rows among `first … first + count − 1` side by side, and their numbers as u32 beside them.
   * @param source address of row 0, a multiple of 4
   * @param stride bytes of a row, a multiple of 4
   * @param payload address of the copies, a multiple of 4: `stride` bytes for each dirty row
   * @param indices address of the row numbers, a multiple of 4: 4 bytes for each dirty row
   * @returns how many rows were copied
   * @throws WrongMemory when `dirty` lies in another buffer
   */
  gather(
    dirty: DirtyRows,
    first: number,
    count: number,
    source: number,
    stride: number,
    payload: number,
    indices: number,
  ): number
}

/**
 * Kernels for one linear memory.
 * @param memory the WebAssembly memory behind `buffer`; undefined where there is none
 * @param kind 'js' forces the JavaScript kernels; 'auto' takes WebAssembly SIMD where it can be had
 */
export function createKernels(
  memory: WebAssembly.Memory | undefined,
  buffer: ArrayBuffer,
  kind: 'auto' | 'js' = 'auto',
): Kernels {
  const wasm = kind === 'js' || memory === undefined ? undefined : createWasmKernels(memory)
  return wasm ?? createJsKernels(buffer)
}
