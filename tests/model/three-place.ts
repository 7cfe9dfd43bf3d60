import type { MkGpu } from '@memkit/gpu'
import { threeGpu } from '@memkit/three'
import type { Place } from './place.ts'

/** Memory that three.js draws, one for every program. It is never lost, and nothing but the sync writes it. */
export const threePlace: Place = {
  uploadsOnly: true,
  open: ({ debug }) => Promise.resolve<MkGpu>(threeGpu({ debug })),
  close: (gpu) => {
    gpu.destroy()
    return Promise.resolve()
  },
  compute: () => {
    throw new TypeError('no shader writes memory of the CPU')
  },
  answered: () => Promise.resolve(),
}
