// Compiles assembly/*.ts (AssemblyScript) to WebAssembly and writes it as TypeScript into src/kernels/generated/.
// `node packages/core/scripts/build-kernels.mjs`, or with --check: fails when a committed file differs from its source.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export const kernelNames = ['diff-pack', 'diff-words', 'dirty-rows', 'find', 'gather']

/** Chromium compiles modules synchronously on the main thread up to this size. */
const MAX_BYTES = 4096

/** Where the generated TypeScript of a kernel lies. */
export function generatedFile(name) {
  return new URL(`../src/kernels/generated/${name}.ts`, import.meta.url)
}

/** Compiles a kernel; resolves with the bytes of the module. */
export async function compileKernel(name) {
  const { default: asc } = await import('assemblyscript/asc')
  const out = await mkdtemp(join(tmpdir(), 'kernels-'))
  try {
    const outFile = join(out, 'kernel.wasm')
    let messages = ''
    const { error } = await asc.main(
      [
        fileURLToPath(new URL(`../assembly/${name}.ts`, import.meta.url)),
        '--outFile',
        outFile,
        '-O3',
        '--noAssert',
        '--converge',
        '--runtime',
        'stub',
        '--enable',
        'simd',
        '--importMemory',
        '--noExportMemory',
        // Static memory would begin past what any memory has; the kernels own none.
        '--memoryBase',
        '0',
        '--initialMemory',
        '0',
      ],
      { stderr: { write: (text) => void (messages += text) } },
    )
    if (error) throw new Error(`assembly/${name}.ts does not compile: ${error.message}\n${messages}`)
    const bytes = await readFile(outFile)
    if (bytes.length >= MAX_BYTES)
      throw new Error(`${name} takes ${bytes.length} bytes, ${MAX_BYTES} are too many.`)
    return bytes
  } finally {
    await rm(out, { recursive: true })
  }
}

/** The TypeScript that carries a module. */
export function generatedSource(name, bytes) {
  const constant = `${name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())}Wasm`
  // Hexadecimal, not base64: what repeats in a module repeats in its text, so that a served bundle is 1 KB smaller.
  const hex = Buffer.from(bytes).toString('hex')
  return (
    `// Generated from assembly/${name}.ts by scripts/build-kernels.mjs: do not edit.\n` +
    `/** WebAssembly of ${bytes.length} bytes, in hexadecimal. */\n` +
    `export const ${constant}: string =\n  '${hex}'\n`
  )
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const name of kernelNames) {
    const bytes = await compileKernel(name)
    const source = generatedSource(name, bytes)
    if (!process.argv.includes('--check')) await writeFile(generatedFile(name), source)
    else if ((await readFile(generatedFile(name), 'utf8')) !== source) {
      console.error(`${name}: the generated file is not what its source compiles to. Run build-kernels.mjs.`)
      process.exitCode = 1
    }
    console.log(`${name}: ${bytes.length} bytes`)
  }
}
