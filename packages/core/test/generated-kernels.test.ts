import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { compileKernel, generatedFile, generatedSource, kernelNames } from '../scripts/build-kernels.mjs'

describe.each(kernelNames)('the generated kernel %s', (name) => {
  it(
    'equals what its source compiles to, under 4 KiB, with nothing but code',
    { timeout: 60_000 },
    async () => {
      const bytes = await compileKernel(name)
      expect(await readFile(generatedFile(name), 'utf8')).toBe(generatedSource(name, bytes))
      expect(bytes.length).toBeLessThan(4096)
      const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>)
      // It imports the memory it works on and owns none of it: no data segment, no memory, no start function.
      expect(WebAssembly.Module.imports(module).filter(({ kind }) => kind === 'memory')).toEqual([
        { module: 'env', name: 'memory', kind: 'memory' },
      ])
      expect(sectionsOf(bytes)).not.toContain(5) // memory
      expect(sectionsOf(bytes)).not.toContain(8) // start
      expect(sectionsOf(bytes)).not.toContain(11) // data
    },
  )
})

/** Numbers of the sections of a WebAssembly module. */
function sectionsOf(bytes: Uint8Array): number[] {
  const sections: number[] = []
  for (let at = 8; at < bytes.length;) {
    sections.push(bytes[at++])
    let size = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]
      size |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    at += size
  }
  return sections
}
