import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import type { BackendName } from './place.ts'
import type { Outcome } from './outcome.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** A table as the benches of the packages print it: a heading per column, cells by heading. */
export type PrintedTable = readonly Readonly<Record<string, string>>[]

/** What a bench of a package gave. */
export interface PackageOutcome {
  readonly tables: readonly PrintedTable[]
  /** What it printed. */
  readonly text: string
  readonly json?: unknown
}

/** Benches that packages bring. `json`: whether it writes a file. */
const programs: Readonly<Record<string, { file: string; json: boolean }>> = {
  kernels: { file: 'bench/packages/core/kernels.ts', json: true },
  planner: { file: 'bench/packages/coordinator/grid.ts', json: true },
  marks: { file: 'bench/packages/ecs-plugin/marks.ts', json: false },
  queries: { file: 'bench/packages/ecs-plugin/membership.ts', json: false },
}

/** Names of these in their programs. */
const devices: Readonly<Record<BackendName, string>> = {
  dummy: 'dummy',
  null: 'null',
  dawn: 'swiftshader',
  chromium: 'none',
}

export function isPackageBench(name: string): boolean {
  return name in programs || name === 'size'
}

/** Runs a bench of a package in a process of its own. */
export async function runPackageBench(name: string, backend: BackendName, quick: boolean): Promise<Outcome> {
  if (name === 'size') return { adapter: 'none', runtime: 'Vite', data: await bundleSizes() }
  const { file, json } = programs[name]
  const folder = await mkdtemp(join(tmpdir(), 'memkit-bench-'))
  const path = join(folder, 'figures.json')
  try {
    const text = await output([
      '--import',
      'tsx',
      '--conditions=@memkit/source',
      join(root, file),
      // The kernels' own full run takes minutes, and finds the same.
      ...(quick || name === 'kernels' ? ['--quick'] : []),
      ...(name === 'planner' ? ['--only', devices[backend]] : []),
      ...(json ? ['--json', path] : []),
    ])
    const figures: unknown = json ? JSON.parse(await readFile(path, 'utf8')) : undefined
    const data: PackageOutcome = { tables: printedTables(text), text, json: figures }
    const adapter = /^## [\w-]+: (.*?)(?: \(no GPU work.*)?$/m.exec(text)?.[1] ?? backend
    return { adapter, runtime: `Node ${process.versions.node}`, data }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function output(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    child.once('error', reject)
    child.once('close', (code) =>
      code === 0 ? resolve(text) : reject(new Error(`${args[3]} ended with ${code}\n${text}`)),
    )
  })
}

/** The tables in what a program printed. */
function printedTables(text: string): PrintedTable[] {
  const tables: PrintedTable[] = []
  const cellsOf = (line: string): string[] =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim())
  for (const block of text.split('\n\n')) {
    const lines = block.split('\n').filter((line) => line.startsWith('|'))
    if (lines.length < 3) continue
    const head = cellsOf(lines[0])
    tables.push(
      lines
        .slice(2)
        .map((line) =>
          Object.fromEntries(cellsOf(line).map((cell, i) => [head[i] === '' ? 'detail' : head[i], cell])),
        ),
    )
  }
  return tables
}

/** Bytes of bundles, P20. */
export interface BundleSize {
  readonly name: string
  readonly minified: number
  readonly gzipped: number
}

const bundles: Readonly<Record<string, string>> = {
  'plugin with the WebGPU backend': `import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
    export const start = (world, device) => attachMk(world, { gpu: device, components: [GpuSynced({ x: new Float32Array(8) })] })`,
  'the same with the App': `import { createApp, GpuSynced, MkPlugin, Schedule } from '@memkit/ecs-plugin'
    export const start = (world, device) => createApp(world).addPlugin(new MkPlugin({ gpu: device }))
      .addSystem(Schedule.Update, () => GpuSynced({ x: new Float32Array(8) }))`,
}

/** Chunks that a program loads when it asks for more than `attachMk` does by itself. */
const ON_DEMAND: readonly string[] = ['dummy', 'columns-component']

/** As Vite bundles the built packages with nothing configured: all that is loaded, whenever; bitECS is the game's own. */
async function bundleSizes(): Promise<BundleSize[]> {
  const built = spawnSync('npm', ['run', 'build'], { cwd: root, encoding: 'utf8' })
  if (built.status !== 0) throw new Error(`The packages could not be built: ${built.stderr}`)
  const sizes: BundleSize[] = []
  for (const [name, program] of Object.entries(bundles)) {
    const entry = join(root, 'bench/bundled-program.js')
    const outcome = await build({
      root: join(root, 'bench'),
      configFile: false,
      logLevel: 'error',
      plugins: [
        {
          name: 'program',
          enforce: 'pre',
          resolveId: (id) => (id === entry ? id : undefined),
          load: (id) => (id === entry ? program : undefined),
        },
      ],
      build: {
        write: false,
        minify: true,
        rolldownOptions: { input: entry, external: ['bitecs'], preserveEntrySignatures: 'strict' },
      },
    })
    if (!('output' in outcome)) throw new Error('Vite gave no bundle')
    const chunks = outcome.output.flatMap((chunk) =>
      chunk.type === 'chunk' && !ON_DEMAND.includes(chunk.name) ? [Buffer.from(chunk.code)] : [],
    )
    const sum = (sizeOf: (code: Buffer) => number): number =>
      chunks.reduce((bytes, code) => bytes + sizeOf(code), 0)
    sizes.push({
      name,
      minified: sum(({ byteLength }) => byteLength),
      gzipped: sum((code) => gzipSync(code, { level: 9 }).length),
    })
  }
  return sizes
}
