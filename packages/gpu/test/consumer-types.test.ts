import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const tsc = join(root, 'node_modules/typescript/bin/tsc')

/** Runs the compiler and returns what it complains about. */
function compile(folder: string, config: object): string[] {
  const path = join(folder, 'tsconfig.json')
  writeFileSync(path, JSON.stringify(config))
  try {
    execFileSync(process.execPath, [tsc, '-p', path], { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
    return []
  } catch (error) {
    return (error as { stdout: string }).stdout.trim().split('\n')
  }
}

describe('a consumer without the DOM library', () => {
  it('finds GPUDevice and GPUBuffer through the published types', () => {
    const folder = mkdtempSync(join(tmpdir(), 'memkit-consumer-'))
    try {
      // Declarations as the build emits them, into packages as npm would install them.
      const modules = join(folder, 'node_modules')
      mkdirSync(join(modules, '@webgpu'), { recursive: true })
      symlinkSync(join(root, 'node_modules/@webgpu/types'), join(modules, '@webgpu/types'), 'junction')
      for (const name of ['core', 'gpu']) {
        const installed = join(modules, '@memkit', name)
        mkdirSync(installed, { recursive: true })
        cpSync(join(root, 'packages', name, 'package.json'), join(installed, 'package.json'))
        compile(installed, {
          extends: join(root, 'packages', name, 'tsconfig.json'),
          compilerOptions: {
            rootDir: join(root, 'packages', name, 'src'),
            outDir: join(installed, 'dist'),
            tsBuildInfoFile: join(installed, 'buildinfo'),
            typeRoots: [join(root, 'node_modules/@types'), join(root, 'node_modules')],
            emitDeclarationOnly: true,
            noCheck: true,
          },
          include: [join(root, 'packages', name, 'src/**/*.ts')],
          references: [],
        })
      }
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
      writeFileSync(
        join(folder, 'main.ts'),
        `import { DummyBackend, MkBufferUsage, MkGpu, WebGpuBackend } from '@memkit/gpu'
         import { DummyBackend as SubpathDummy } from '@memkit/gpu/dummy'
         import { dawnGpu } from '@memkit/gpu/node'
         export const device: GPUDevice = (await dawnGpu()).backend.device
         const gpu = new MkGpu(new WebGpuBackend(device))
         export const buffer: GPUBuffer = gpu.createDeviceBuffer(4, MkBufferUsage.VERTEX).native
         export const bytes: Uint8Array = new MkGpu(new DummyBackend()).createStagingBuffer(4).native.bytes
         export const mixed: MkGpu<WebGpuBackend> = new MkGpu(new SubpathDummy())
         export const wrong: number = buffer`,
      )
      const complaints = compile(folder, {
        compilerOptions: {
          strict: true,
          target: 'ES2022',
          module: 'NodeNext',
          lib: ['ES2023'],
          types: [],
          noEmit: true,
          skipLibCheck: true, // @webgpu/types itself speaks of canvases
        },
        files: ['main.ts'],
      }).filter((line) => line.startsWith('main.ts'))
      // Two lines are wrong on purpose: had the types not arrived, everything would be `any` and nothing would complain.
      expect(complaints).toEqual([
        expect.stringMatching(/^main\.ts\(8,.*MkGpu<DummyBackend>/),
        expect.stringMatching(/^main\.ts\(9,.*'GPUBuffer' is not assignable to type 'number'/),
      ])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }, 30_000)
})
