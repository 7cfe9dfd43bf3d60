import { build } from 'vite'
import { describe, expect, it } from 'vitest'

/** What a bundler makes of one line that imports from the package. */
async function bundled(code: string): Promise<string> {
  const entry = '\0entry'
  const result = await build({
    configFile: false,
    logLevel: 'silent',
    resolve: { conditions: ['@memkit/source'] },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? id : undefined),
        load: (id) => (id === entry ? code : undefined),
      },
    ],
    build: { write: false, minify: false, rolldownOptions: { input: entry } },
  })
  if (!('output' in result)) throw new Error('the bundler watches instead of building')
  return result.output.map((file) => ('code' in file ? file.code : '')).join('\n')
}

// Strings that a minifier would keep too.
const marks = {
  WebGpuBackend: 'uncapturederror',
  WebGl2Backend: 'webglcontextlost',
  DummyBackend: 'memory of this process',
  MkGpuPool: 'hitRate',
  MkSubAllocator: 'bytesWaiting',
  conformance: 'ConformanceFailure',
}

describe('a bundle', () => {
  it.each([
    ['WebGpuBackend', ['WebGpuBackend']],
    ['WebGl2Backend', ['WebGl2Backend']],
    ['DummyBackend', ['DummyBackend']],
  ])('with %s contains no other backend, no pool and no conformance suite', async (backend, has) => {
    const code = await bundled(
      `import { MkGpu, ${backend} } from '@memkit/gpu'; globalThis.gpu = (device) => new MkGpu(new ${backend}(device))`,
    )
    expect(Object.entries(marks).flatMap(([name, mark]) => (code.includes(mark) ? [name] : []))).toEqual(has)
  })
})
