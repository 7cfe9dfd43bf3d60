/// <reference types="@webgpu/types" />

/**
 * The device, told of as Firefox does: after `destroy()` the queue says at once that everything is done, and a turn of the event loop
 * later the device says that it is lost.
 */
export function lateLossDevice(device: GPUDevice): GPUDevice {
  let destroyed = false
  let tell!: (info: GPUDeviceLostInfo) => void
  const lost = new Promise<GPUDeviceLostInfo>((resolve) => (tell = resolve))
  void device.lost.then((info) => {
    if (!destroyed) tell(info)
  })
  const destroy = (): undefined => {
    destroyed = true
    device.destroy()
    setImmediate(() => void device.lost.then(tell))
  }
  const onSubmittedWorkDone = (): Promise<undefined> =>
    destroyed ? Promise.resolve(undefined) : device.queue.onSubmittedWorkDone()
  const queue = overlaid(device.queue, { onSubmittedWorkDone })
  return overlaid(device, { lost, destroy, queue })
}

/** An object whose members are those of `real`, but for `members`. */
function overlaid<T extends object>(real: T, members: Partial<T>): T {
  return new Proxy(real, {
    get(target, name) {
      if (name in members) return members[name as keyof T]
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
