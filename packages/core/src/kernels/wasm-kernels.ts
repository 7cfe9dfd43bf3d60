import type { DirtyRows } from '../dirty-rows.ts'
import { WrongMemory } from '../errors.ts'
import { diffPackWasm } from './generated/diff-pack.ts'
import { gatherWasm } from './generated/gather.ts'
import { findWasm } from './generated/find.ts'
import type { Kernels } from './kernels.ts'

interface Modules {
  readonly diffPack: WebAssembly.Module
  readonly find: WebAssembly.Module
  readonly gather: WebAssembly.Module
}

type Gather = (
  words: number,
  summary: number,
  first: number,
  count: number,
  source: number,
  stride: number,
  payload: number,
  indices: number,
) => number

/** Compiled once; `null` where WebAssembly or SIMD is refused. */
let modules: Modules | null | undefined

/** Kernels in WebAssembly SIMD; undefined where that is refused: by a strict CSP, or by an engine without SIMD. */
export function createWasmKernels(memory: WebAssembly.Memory): Kernels | undefined {
  // No `??=`: a refusal is remembered too, for each attempt is reported as a violation of the page's policy.
  if (modules === undefined) modules = compile()
  if (modules === null) return undefined
  try {
    return new WasmKernels(memory, modules)
  } catch {
    return undefined
  }
}

function compile(): Modules | null {
  if (typeof WebAssembly === 'undefined') return null
  try {
    return {
      diffPack: new WebAssembly.Module(fromHex(diffPackWasm)),
      find: new WebAssembly.Module(fromHex(findWasm)),
      gather: new WebAssembly.Module(fromHex(gatherWasm)),
    }
  } catch {
    return null
  }
}

class WasmKernels implements Kernels {
  readonly kind = 'wasm-simd'
  readonly diffPack: Kernels['diffPack']
  readonly #gather: Gather
  readonly #buffer: ArrayBuffer

  constructor(memory: WebAssembly.Memory, { diffPack, find, gather }: Modules) {
    const env = { memory }
    const inner = new WebAssembly.Instance(find, { env }).exports
    this.diffPack = new WebAssembly.Instance(diffPack, { env, find: inner }).exports
      .diffPack as Kernels['diffPack']
    this.#gather = new WebAssembly.Instance(gather, { env }).exports.gather as Gather
    this.#buffer = memory.buffer
  }

  gather(
    dirty: DirtyRows,
    first: number,
    count: number,
    source: number,
    stride: number,
    payload: number,
    indices: number,
  ): number {
    if (dirty.buffer !== this.#buffer)
      throw new WrongMemory('The dirty rows', 'place them in the same memory.')
    return this.#gather(dirty.offset, dirty.summaryOffset, first, count, source, stride, payload, indices)
  }
}

function fromHex(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return bytes
}
