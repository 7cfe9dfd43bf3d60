// Bundles what a user imports, as Vite does it with nothing configured, from the built packages. size-limit weighs
// the results (`.size-limit.json`).
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from './install.mjs'

/** Where the bundles lie: a file per chunk, in a folder per program. */
const bundleFolder = join(root, 'node_modules/.cache/memkit-bundles')

/**
 * Programs to bundle. bitECS, three and React are the game's own, and stay outside.
 * @type {Record<string, string>}
 */
export const programs = {
  plugin: `import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
    const Position = GpuSynced({ x: new Float32Array(8) })
    globalThis.start = (world, device) => attachMk(world, { gpu: device, components: [Position] })`,
  app: `import { createApp, GpuSynced, MkPlugin, Schedule } from '@memkit/ecs-plugin'
    const Position = GpuSynced({ x: new Float32Array(8) })
    globalThis.start = (world, device) => createApp(world).addPlugin(new MkPlugin({ gpu: device }))
      .addSystem(Schedule.Update, () => Position)`,
  three: `import { SyncedMesh, threeGpu } from '@memkit/three'
    globalThis.start = [SyncedMesh, threeGpu]`,
  react: `import { MkProvider, useDisposable, useMk } from '@memkit/react'
    globalThis.start = [MkProvider, useDisposable, useMk]`,
  coordinator: `import { MkCoordinator } from '@memkit/coordinator'
    import { WebGpuBackend } from '@memkit/gpu'
    globalThis.start = (device) => new MkCoordinator(new WebGpuBackend(device))`,
  recording: `import { openReplay, startRecording } from '@memkit/ecs-plugin/recording'
    globalThis.start = [openReplay, startRecording]`,
  gpu: `import { MkGpu, WebGpuBackend } from '@memkit/gpu'
    globalThis.start = (device) => new MkGpu(new WebGpuBackend(device))`,
  webgl2: `import { MkGpu, WebGl2Backend } from '@memkit/gpu'
    globalThis.start = (gl) => new MkGpu(new WebGl2Backend(gl))`,
  heap: `import { createHeap, f32 } from '@memkit/core'
    globalThis.start = () => createHeap().columns({ x: f32 }, 8)`,
  layout: `import { struct, vec3f } from '@memkit/core'
    globalThis.start = struct({ position: vec3f })`,
}

/**
 * Bundles a program.
 * @param {string} program an ES module
 * @param {{ minify?: boolean, from?: string }} [options] `from`: folder whose node_modules hold the packages
 * @returns {Promise<{ name: string, code: string, modules: string[] }[]>} its chunks, the entry first
 */
export async function bundle(program, { minify = true, from = join(root, 'tests') } = {}) {
  const { build } = await import('vite')
  // A page: the exports of a module by itself would keep chunks apart.
  const folder = mkdtempSync(join(from, '.bundle-'))
  writeFileSync(join(folder, 'index.html'), '<script type="module" src="./program.js"></script>')
  writeFileSync(join(folder, 'program.js'), program)
  const outcome = await build({
    root: folder,
    configFile: false,
    logLevel: 'warn',
    // Without the polyfill that Vite adds to every page.
    build: {
      write: false,
      minify,
      modulePreload: { polyfill: false },
      rolldownOptions: { external: ['bitecs', 'react', 'three', 'three/tsl', 'three/webgpu'] },
    },
  }).finally(() => rmSync(folder, { recursive: true }))
  const { output } = /** @type {import('vite').Rolldown.RolldownOutput} */ (outcome)
  return output.flatMap((chunk) =>
    chunk.type === 'chunk'
      ? [
          {
            name: chunk.name,
            code: chunk.code,
            modules: Object.entries(chunk.modules)
              .filter(([, { renderedLength }]) => renderedLength > 0)
              .map(([id]) => id.replace(/\\/g, '/')),
          },
        ]
      : [],
  )
}

/** Bundles every program into `bundleFolder`. */
async function writeBundles() {
  rmSync(bundleFolder, { recursive: true, force: true })
  for (const [name, program] of Object.entries(programs)) {
    mkdirSync(join(bundleFolder, name), { recursive: true })
    for (const chunk of await bundle(program))
      writeFileSync(join(bundleFolder, name, `${chunk.name}.js`), chunk.code)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeBundles()
