import { afterEach, describe, expect, it, vi } from 'vitest'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

/** The package as it is loaded where the platform is so. */
async function kindWhere(platform: object | undefined): Promise<string> {
  const memory = new WebAssembly.Memory({ initial: 1 })
  vi.resetModules()
  vi.stubGlobal('WebAssembly', platform)
  const { createKernels } = await import('@memkit/core')
  return createKernels(memory, memory.buffer).kind
}

describe('kernels where WebAssembly is refused', () => {
  const real = WebAssembly

  it('are JavaScript without WebAssembly', async () => {
    expect(await kindWhere(undefined)).toBe('js')
  })

  it('are JavaScript when a strict CSP, or an engine without SIMD, refuses to compile', async () => {
    function Module(): never {
      throw new real.CompileError('Wasm code generation disallowed by embedder')
    }
    expect(await kindWhere({ ...real, Module })).toBe('js')
  })

  it("don't ask a strict CSP again, which would report each attempt as a violation", async () => {
    let attempts = 0
    function Module(): never {
      attempts++
      throw new real.CompileError('Wasm code generation disallowed by embedder')
    }
    const memory = new real.Memory({ initial: 1 })
    vi.resetModules()
    vi.stubGlobal('WebAssembly', { ...real, Module })
    const { createKernels } = await import('@memkit/core')
    for (let heap = 0; heap < 3; heap++) expect(createKernels(memory, memory.buffer).kind).toBe('js')
    expect(attempts).toBe(1)
  })

  it("are JavaScript when the module can't be instantiated", async () => {
    function Instance(): never {
      throw new real.LinkError('no')
    }
    expect(await kindWhere({ Module: real.Module, Instance })).toBe('js')
  })

  it('are WebAssembly SIMD where available', async () => {
    expect(await kindWhere(real)).toBe('wasm-simd')
  })
})
