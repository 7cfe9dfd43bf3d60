import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { expect, it } from 'vitest'
import { runAttachSoak } from './attach.ts'

it(
  'leaves nothing behind when a world is attached 200 times to one borrowed gpu',
  { timeout: 60_000 },
  async () => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const collect = async (): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        await new Promise((resolve) => setTimeout(resolve, 1))
        gc()
      }
    }
    const gpu = new MkGpu(new DummyBackend())
    expect(await runAttachSoak(gpu, 200, { collect })).toEqual([])
    gpu.destroy()
  },
)
