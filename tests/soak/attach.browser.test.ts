import { MkGpu, WebGpuBackend, webGpuDevice } from '@memkit/gpu'
import { expect, it } from 'vitest'
import { runAttachSoak } from './attach.ts'

/** More than the WebAssembly memories that a page of Chromium has, about 124. `npm run soak -- --attach 2000` asks for more. */
const cycles = Number((import.meta as { env?: Record<string, string> }).env?.['MEMKIT_ATTACH'] || 150)

it.each(['a GPUDevice', 'an MkGpu'])(
  `leaves nothing behind when a world is attached ${cycles} times to %s that is borrowed`,
  { timeout: 60_000 + cycles * 500 },
  async (kind) => {
    const device = await webGpuDevice()
    const gpu = kind === 'an MkGpu' ? new MkGpu(new WebGpuBackend(device)) : undefined
    expect(await runAttachSoak(gpu ?? device, cycles, {})).toEqual([])
    gpu?.destroy()
    device.destroy()
  },
)
