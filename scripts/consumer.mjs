// npm run check:consumer: the packages in a clean project: packed, installed, compiled by every TypeScript that is supported, run, bundled.
import { copyFileSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle, programs } from './bundles.mjs'
import { root } from './install.mjs'
import { installTarballs, packAll } from './pack.mjs'
import { capture } from './run.mjs'

/** Entry points that a program may import on any machine: koota's and Dawn's need their peer. */
const ENTRIES = [
  '@memkit/core',
  '@memkit/core/allocator',
  '@memkit/gpu',
  '@memkit/gpu/dummy',
  '@memkit/gpu/sub-allocator',
  '@memkit/gpu/conformance',
  '@memkit/coordinator',
  '@memkit/ecs-plugin',
  '@memkit/inspector',
  '@memkit/three',
  '@memkit/three/webgpu',
  '@memkit/react',
]

/** What is compiled; the first is run as well. */
const PROGRAMS = ['headless.ts', 'internals.ts']

const COMPILERS = [
  { name: 'TypeScript 5.9', path: 'typescript-5.9/lib/tsc.js' },
  { name: 'TypeScript 6', path: 'typescript-6/lib/tsc.js' },
  { name: 'TypeScript 7', path: 'typescript/bin/tsc' },
]

/** Globals in our declarations that a project without lib.dom lacks; it needs skipLibCheck, or its own declarations of these. */
const ONLY_IN_DOM = new Set([
  'AbortSignal',
  'WebAssembly',
  'WebGL2RenderingContext',
  'WebGLBuffer',
  'WebGLSync',
])

/** @param {string} project */
async function problemsOfTypes(project) {
  const problems = []
  for (const compiler of COMPILERS)
    for (const dom of [true, false])
      for (const skipLibCheck of [true, false]) {
        const options = {
          target: 'ES2022',
          module: 'NodeNext',
          strict: true,
          lib: dom ? ['ES2023', 'DOM'] : ['ES2023'],
          types: [],
          skipLibCheck,
          outDir: 'out',
        }
        const config = { compilerOptions: options, files: PROGRAMS }
        writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config))
        const tsc = join(root, 'node_modules', compiler.path)
        const { code, output } = await capture('node', [tsc, '-p', project, '--pretty', 'false'])
        const lines = output.split('\n').filter((line) => line.includes('error TS'))
        if (code !== 0 && lines.length === 0) lines.push(output)
        const where = `${compiler.name}, ${dom ? 'with' : 'without'} lib.dom, skipLibCheck ${skipLibCheck}`
        problems.push(
          ...lines
            .filter((line) => skipLibCheck || !isOfAnother(line, dom))
            .map((line) => `${where}: ${line}`),
        )
      }
  return problems
}

/**
 * Whether an error in declarations is none of ours: @webgpu/types needs lib.dom, and contradicts that of TypeScript 6 and later;
 * a project without lib.dom has no WebGL.
 * @param {string} line
 * @param {boolean} dom
 */
function isOfAnother(line, dom) {
  if (line.includes('@webgpu/types/dist/')) return true
  if (dom) return /\blib\.(dom|webworker)[\w.]*\.d\.ts/.test(line)
  const [, name = ''] = /error TS(?:2304|2503|2552): Cannot find (?:name|namespace) '(\w+)'/.exec(line) ?? []
  return line.includes('node_modules') && ONLY_IN_DOM.has(name)
}

/**
 * The program as TypeScript 7 left it, and every entry point alone, which must leave no trace.
 * @param {string} project
 */
async function problemsOfNode(project) {
  const problems = []
  const { code, output } = await capture('node', ['out/headless.js'], { cwd: project })
  if (code !== 0 || output.trim() !== 'all there') problems.push(`node out/headless.js: ${output}`)
  writeFileSync(
    join(project, 'quiet.mjs'),
    `import 'bitecs'
const before = Reflect.ownKeys(globalThis).length
for (const entry of ${JSON.stringify(ENTRIES)}) await import(entry)
const more = Reflect.ownKeys(globalThis).slice(before).map(String)
if (more.length > 0) throw new Error('importing left ' + more.join())
`,
  )
  const quiet = await capture('node', ['quiet.mjs'], { cwd: project })
  if (quiet.code !== 0 || quiet.output !== '') problems.push(`importing has an effect: ${quiet.output}`)
  return problems
}

/**
 * A build for production has every export and every error that the packages have, without the texts.
 * @param {string} project
 */
async function problemsOfProduction(project) {
  writeFileSync(
    join(project, 'production.mjs'),
    `const names = []
const errors = []
for (const entry of ${JSON.stringify(ENTRIES)})
  for (const [name, value] of Object.entries(await import(entry))) {
    names.push(entry + ' ' + name)
    if (value?.prototype instanceof Error) errors.push([name, value.name])
  }
const { createHeap } = await import('@memkit/core')
try {
  createHeap({ bytes: -1 })
} catch (error) {
  const { code, name, message, stack, ...fields } = error
  console.log(JSON.stringify({ names, errors, code, name, fields, message }))
}
`,
  )
  const told = []
  for (const conditions of [[], ['--conditions=production']]) {
    const { code, output } = await capture('node', [...conditions, 'production.mjs'], { cwd: project })
    if (code !== 0) return [`production: ${output}`]
    told.push(JSON.parse(output))
  }
  const [{ message, ...usual }, { message: short, ...production }] = told
  const problems = []
  if (JSON.stringify(usual) !== JSON.stringify(production))
    problems.push('production: other exports, errors, codes or fields than the packages have')
  if (!short.startsWith('InvalidSize, ') || short === message) problems.push(`production: ${short}`)
  return problems
}

/**
 * Bundles hold what is used and nothing else.
 * @param {string} project
 */
async function problemsOfVite(project) {
  const problems = []
  const unused = await bundle(ENTRIES.map((entry) => `import '${entry}'`).join('\n'), { from: project })
  if (unused.some(({ code }) => code.trim() !== ''))
    problems.push('Vite keeps packages that nothing is used of')

  /** Files that must not be in the chunks a page loads. */
  const foreign = {
    webgpu: 'backends/webgpu/webgpu.js',
    webgl2: 'backends/webgl2/webgl2.js',
    dummy: 'backends/dummy/dummy.js',
  }
  const own = { plugin: 'webgpu', app: 'webgpu', coordinator: 'webgpu', gpu: 'webgpu', webgl2: 'webgl2' }
  for (const [program, backend] of Object.entries(own)) {
    const chunks = await bundle(programs[program] ?? '', { from: project })
    const modules = chunks.filter(({ name }) => name !== 'dummy').flatMap((chunk) => chunk.modules)
    if (!modules.some((path) => path.includes('/node_modules/@memkit/')))
      problems.push(`${program}: the packages were not bundled: ${modules.join()}`)
    const wrong = Object.entries({ ...foreign, node: 'gpu/dist/node.js', conformance: 'conformance' })
      .filter(([name]) => name !== backend)
      .filter(([, file]) => modules.some((path) => path.includes(file)))
    for (const [name] of wrong) problems.push(`${program}: the bundle holds ${name}, which it does not use`)
  }
  const three = await bundle(programs['three'] ?? '', { from: project })
  if (three.some(({ code }) => /three\/(?:webgpu|tsl)/.test(code)))
    problems.push('three: a game on WebGLRenderer loads the WebGPU code of three')
  return problems
}

const place = realpathSync(mkdtempSync(join(tmpdir(), 'memkit-consumer-')))
try {
  const project = join(place, 'project')
  await installTarballs(project, await packAll(join(place, 'tarballs')))
  for (const file of PROGRAMS) copyFileSync(join(root, 'scripts/consumer', file), join(project, file))
  for (const problemsOf of [problemsOfTypes, problemsOfNode, problemsOfProduction, problemsOfVite])
    for (const problem of await problemsOf(project)) {
      console.error(problem)
      process.exitCode = 1
    }
} finally {
  rmSync(place, { recursive: true })
}
