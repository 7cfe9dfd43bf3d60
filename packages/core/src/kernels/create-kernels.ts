import { diffPackWasm } from './generated/diff-pack.ts'
import { diffWordsWasm } from './generated/diff-words.ts'
import { dirtyRowsWasm } from './generated/dirty-rows.ts'
import { findWasm } from './generated/find.ts'
import { gatherWasm } from './generated/gather.ts'
import { createJsKernels } from './js-kernels.ts'
import type { Kernels } from './kernels.ts'

/**
 * Makes the kernels of one linear memory, of the kind that `HeapOptions.kernels` describes.
 * @param memory the WebAssembly memory behind `buffer`; undefined for a plain buffer
 */
export function createKernels(
  memory: WebAssembly.Memory | undefined,
  buffer: ArrayBuffer,
  kind: 'auto' | 'js' = 'auto',
): Kernels {
  const wasm = kind === 'js' || memory === undefined ? undefined : createWasmKernels(memory)
  return wasm ?? createJsKernels(buffer)
}

/** Compiled once; `null` where WebAssembly or SIMD is refused. */
let modules: readonly WebAssembly.Module[] | null | undefined

/** Makes kernels in WebAssembly SIMD; undefined where a CSP or the engine refuses that. */
function createWasmKernels(memory: WebAssembly.Memory): Kernels | undefined {
  try {
    // Not `??=`: remember a refusal too, because browsers report each attempt as a violation of the
    // page's policy.
    if (modules === undefined) {
      modules = null
      modules = [findWasm, diffPackWasm, gatherWasm, diffWordsWasm, dirtyRowsWasm].map(moduleOf)
    }
    if (modules === null) return undefined
    const [find, diffPack, gather, diffWords, dirtyRows] = modules
    const env = { memory }
    const inner = new WebAssembly.Instance(find, { env }).exports
    const outer = new WebAssembly.Instance(diffPack, { env, find: inner }).exports
    const rest = new WebAssembly.Instance(gather, { env }).exports
    const words = new WebAssembly.Instance(diffWords, { env }).exports
    const sets = new WebAssembly.Instance(dirtyRows, { env }).exports
    return {
      kind: 'wasm-simd',
      diffPack: outer.diffPack,
      gather: rest.gather,
      diffWords: words.diffWords,
      survey: sets.survey,
      unite: sets.unite,
      skipZeros: sets.skipZeros,
      found: new Uint32Array(memory.buffer, 0, 3),
    } as Kernels
  } catch {
    return undefined
  }
}

function moduleOf(hex: string): WebAssembly.Module {
  const bytes = Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
    Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  )
  return new WebAssembly.Module(bytes)
}
