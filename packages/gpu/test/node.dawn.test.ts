import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { globals } from 'webgpu'
import { describe, expect, it } from 'vitest'
import { DeviceRefused, MkBufferUsage, NoAdapter } from '@memkit/gpu'
import { dawnDevice, dawnGpu } from '@memkit/gpu/node'

const run = promisify(execFile)

/** Runs a program in its own process, as a user's would run, and returns what it printed. Fails when it does not end. */
async function program(
  source: string,
  env: Record<string, string> = {},
  flags: string[] = [],
): Promise<string> {
  const inherited = { ...process.env }
  // What the test project sets for its own process, and a user's shell does not.
  for (const name of ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES', 'XDG_RUNTIME_DIR']) delete inherited[name]
  const { stdout } = await run(
    process.execPath,
    ['--conditions=@memkit/source', '--import=tsx', ...flags, '--input-type=module', '--eval', source],
    { cwd: fileURLToPath(new URL('..', import.meta.url)), env: { ...inherited, ...env }, timeout: 25_000 },
  )
  return stdout.trim()
}

it(
  'lets a process end with 0 when devices are destroyed while buffers are being mapped',
  { timeout: 120_000 },
  async () => {
    // Several times: what Dawn does with a promise that is collected too early depends on when it is.
    for (let i = 0; i < 3; i++)
      expect(
        await program(
          `import { MkGpu, MkMemoryType, MkBufferUsage } from '@memkit/gpu'
        import { dawnGpu } from '@memkit/gpu/node'
        for (let round = 0; round < 12; round++) {
          const gpu = await dawnGpu()
          const source = gpu.createDeviceBuffer(256, MkBufferUsage.TRANSFER_SRC | MkBufferUsage.TRANSFER_DST)
          for (let k = 0; k < 12; k++) {
            const staging = gpu.createStagingBuffer(256, { memory: MkMemoryType.HostCached })
            gpu.copy(source, 0, staging, 0, 256)
            gpu.submit()
            void staging.map()
            staging.destroy()
          }
          gpu.destroy()
          gc()
        }
        console.log('done')`,
          {},
          ['--expose-gc'],
        ),
      ).toBe('done')
  },
)

describe('dawnGpu', () => {
  it('names the adapter and the runtime, and asks for the adapter’s higher limits', async () => {
    const gpu = await dawnGpu()
    expect(gpu.capabilities).toMatchObject({
      backend: 'webgpu',
      runtime: `Node ${process.versions.node}, Dawn`,
    })
    expect(gpu.capabilities.adapter).not.toBe('')
    // WebGPU's defaults are 256 MiB and 128 MiB; every adapter that Dawn takes here has more.
    expect(gpu.capabilities.maxBufferSize).toBeGreaterThan(256 << 20)
    expect(gpu.capabilities.maxStorageBufferBindingSize).toBeGreaterThan(128 << 20)
    gpu.destroy()
    expect((await gpu.backend.device.lost).reason).toBe('destroyed')
  })

  it('requests limits and features as asked', async () => {
    const device = await dawnDevice({
      limits: { maxBufferSize: 300 << 20 },
      features: ['timestamp-query'],
      label: 'mine',
    })
    expect(device.limits.maxBufferSize).toBe(300 << 20)
    expect(device.features.has('timestamp-query')).toBe(true)
    expect(device.label).toBe('mine')
    device.destroy()
  })

  it('refuses limits and features that the adapter lacks', async () => {
    const most = await dawnGpu()
    const { adapter, maxBufferSize } = most.capabilities
    most.destroy()
    const error = await dawnGpu({ limits: { maxBufferSize: 2 ** 50 } }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'DeviceRefused', adapter })
    expect((error as DeviceRefused).detail).toContain(String(maxBufferSize))
    await expect(dawnGpu({ features: ['none' as GPUFeatureName] })).rejects.toBeInstanceOf(DeviceRefused)
  })

  it('has the usage bits of Dawn', () => {
    const { GPUBufferUsage } = globals as unknown as { GPUBufferUsage: Record<string, number> }
    expect(MkBufferUsage).toEqual({
      TRANSFER_SRC: GPUBufferUsage['COPY_SRC'],
      TRANSFER_DST: GPUBufferUsage['COPY_DST'],
      INDEX: GPUBufferUsage['INDEX'],
      VERTEX: GPUBufferUsage['VERTEX'],
      UNIFORM: GPUBufferUsage['UNIFORM'],
      STORAGE: GPUBufferUsage['STORAGE'],
      INDIRECT: GPUBufferUsage['INDIRECT'],
    })
  })

  it('reports what was tried when there is no adapter of that name', async () => {
    const error = await dawnGpu({ adapter: 'no such adapter' }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(NoAdapter)
    expect((error as NoAdapter).tried[0]).toContain('no such adapter')
  })

  it('reports when the machine has no such driver', async () => {
    const backend = process.platform === 'win32' ? 'metal' : 'd3d12'
    await expect(dawnGpu({ backend })).rejects.toMatchObject({ code: 'NoAdapter' })
  })
})

describe('a program on dawnGpu', () => {
  const useIt = `
    import { dawnGpu } from '@memkit/gpu/node'
    const gpu = await dawnGpu()
    const buffer = gpu.createDeviceBuffer(4, 0x4 | 0x8)
    gpu.write(buffer, 0, new Uint32Array([41]).buffer)
    console.log(new Uint32Array(await gpu.read(buffer))[0], gpu.capabilities.adapter)
  `

  it('needs no environment variable, and ends by itself after destroy', async () => {
    expect(await program(`${useIt}; gpu.destroy()`)).toMatch(/^41 \S/)
  })

  it('ends by itself without destroy', async () => {
    expect(await program(useIt)).toMatch(/^41 \S/)
  })

  it('survives garbage collection while the device is in use', async () => {
    const output = await program(
      `${useIt}
       for (let i = 0; i < 20; i++) {
         globalThis.gc()
         await new Promise((resolve) => setTimeout(resolve, 5))
         gpu.write(buffer, 0, new Uint32Array([i]).buffer)
         if (new Uint32Array(await gpu.read(buffer))[0] !== i) throw new Error('wrong bytes')
       }
       gpu.destroy()
       await gpu.backend.device.lost
       globalThis.gc()
       console.log('still here')`,
      {},
      ['--expose-gc'],
    )
    expect(output).toContain('still here')
  })

  it('survives many devices, each collected in turn', async () => {
    const output = await program(
      `import { dawnGpu } from '@memkit/gpu/node'
       for (let i = 0; i < 10; i++) {
         const gpu = await dawnGpu()
         const buffer = gpu.createDeviceBuffer(4, 0x4 | 0x8)
         void gpu.read(buffer)
         if (i % 2 === 0) await gpu.waitIdle()
         gpu.destroy()
         await new Promise((resolve) => setTimeout(resolve, 5))
         globalThis.gc()
       }
       console.log('still here')`,
      {},
      ['--expose-gc'],
    )
    expect(output).toBe('still here')
  })

  it('can lose its device with pending work and drop the promises without an unhandled rejection', async () => {
    const output = await program(
      `${useIt}
       gpu.read(buffer); gpu.transfer(buffer, gpu.createDeviceBuffer(4, 0x8)).done; gpu.waitIdle()
       gpu.createStagingBuffer(4).map()
       gpu.backend.device.destroy()
       console.log((await gpu.lost).reason)`,
    )
    expect(output).toContain('destroyed')
  })

  it('uses the driver that the environment names, and reports when that has no adapter', async () => {
    const output = await program(
      `import { dawnGpu } from '@memkit/gpu/node'
       try { await dawnGpu() } catch (error) { console.log(error.code, error.message) }`,
      { VK_DRIVER_FILES: '/nowhere.json', VK_ICD_FILENAMES: '/nowhere.json' },
    )
    expect(output).toMatch(/^NoAdapter .*VK_ICD_FILENAMES = \/nowhere.json.*Unset VK_DRIVER_FILES/)
  })

  it('says what to install without any driver, and finds one when it may search again', async () => {
    const output = await program(
      `import { dawnGpu } from '@memkit/gpu/node'
       const tryIt = (options) => dawnGpu(options).then((gpu) => gpu.destroy() ?? 'found', (error) => error.message)
       console.log(await tryIt({ adapter: 'SwiftShader', softwareDriver: false }))
       console.log(await tryIt({ adapter: 'SwiftShader', softwareDriver: '/nowhere_icd.json' }))
       console.log(await tryIt({ adapter: 'SwiftShader' }))
       console.log(await tryIt({ adapter: 'SwiftShader' }))`,
    )
    const [none, wrong, found, again] = output.split('\n')
    expect(none).toMatch(
      /with the installed drivers.*apt-get install --no-install-recommends libvulkan1 chromium/,
    )
    expect(wrong).toContain('software driver /nowhere_icd.json')
    expect([found, again]).toEqual(['found', 'found'])
  })
})
