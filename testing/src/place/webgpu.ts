import * as gpuPackage from '@memkit/gpu'
import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import type { ConformanceFactory } from '@memkit/gpu/conformance'
import { DeviceCalls } from '../device-calls.ts'
import { starvedDevice } from '../starved-device.ts'
import type { ByName, DoomedPlace, Place, ShortPlace } from './place.ts'

/** What a project with real WebGPU devices exports. */
export interface WebGpuPlaces {
  readonly place: Place<WebGpuBackend>
  readonly places: ByName<Place>
  readonly doomedPlaces: ByName<DoomedPlace>
  readonly shortPlaces: ByName<ShortPlace>
  /** A backend that the conformance suite can lose and starve. */
  readonly conforming: ConformanceFactory
}

/** Makes places of a function that opens devices. @param answerMs see ShortPlace */
export function webGpuPlaces(
  name: string,
  openDevice: () => Promise<GPUDevice>,
  answerMs: number,
): WebGpuPlaces {
  const place: Place<WebGpuBackend> = {
    open: async (using = gpuPackage) =>
      new using.MkGpu(new using.WebGpuBackend(await openDevice(), { owned: true }), { debug: true }),
  }
  const doomed: DoomedPlace = {
    whens: ['before', 'after'],
    strategies: ['scatter'],
    exact: false,
    async open() {
      const counted = new DeviceCalls(await openDevice())
      return {
        gpu: new MkGpu(new WebGpuBackend(counted.device, { owned: true }), { debug: true }),
        calls: () => counted.count,
        arm: (doom) => counted.arm(doom),
      }
    },
  }
  const short: ShortPlace = {
    answerMs,
    async open() {
      const { device, ...starving } = starvedDevice(await openDevice())
      const messages: string[] = []
      device.addEventListener('uncapturederror', ({ error }) => messages.push(error.message))
      const gpu = new MkGpu(new WebGpuBackend(device, { owned: true }))
      gpu.onError(({ message }) => messages.push(message))
      return { gpu, ...starving, uncaptured: () => messages }
    },
  }
  const conforming: ConformanceFactory = async () => {
    const { device, starveNext } = starvedDevice(await openDevice())
    const backend = new WebGpuBackend(device, { owned: true })
    return { backend, lose: () => device.destroy(), starve: starveNext }
  }
  return {
    place,
    places: { [name]: place },
    doomedPlaces: { [name]: doomed },
    shortPlaces: { [name]: short },
    conforming,
  }
}
