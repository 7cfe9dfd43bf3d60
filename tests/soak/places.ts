import { DummyBackend, MkGpu } from '@memkit/gpu'
import { dawnGpu } from '@memkit/gpu/node'

/** What a soak runs on. */
export interface SoakPlace {
  readonly name: string
  open(): Promise<MkGpu>
  /** Loses the device, now or at one of the next calls. */
  lose(gpu: MkGpu, random: () => number): void
  /** Does what was handed over, where that is put off. */
  finish(gpu: MkGpu): void
}

/** Every second device of the Dummy puts work off until it is told to finish. */
export function dummyPlace(): SoakPlace {
  let opened = 0
  return {
    name: 'Dummy',
    async open() {
      const putOff = opened++ % 2 === 1
      return new MkGpu(new DummyBackend({ transferDelayUs: putOff ? Infinity : 0 }), { debug: true })
    },
    lose({ backend }, random) {
      if (!(backend instanceof DummyBackend)) return
      if (random() < 0.3) backend.lose()
      else backend.faults = { loseAtCall: backend.callCount + 1 + Math.floor(random() * 40) }
    },
    finish({ backend }) {
      if (backend instanceof DummyBackend) backend.finish()
    },
  }
}

/** Real devices, on whatever Dawn finds. */
export function dawnPlace(): SoakPlace {
  return {
    name: 'Dawn',
    open: () => dawnGpu({ debug: true }),
    lose: ({ backend }) => (backend as unknown as { readonly device: GPUDevice }).device.destroy(),
    finish: () => undefined,
  }
}
