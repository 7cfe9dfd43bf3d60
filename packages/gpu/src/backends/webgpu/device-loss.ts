/// <reference types="@webgpu/types" preserve="true" />
import type { LossInfo } from '../backend.ts'

/** Who hears that a device is lost, and why it was, once it is. */
interface DeviceLoss {
  readonly listeners: Set<(info: LossInfo) => void>
  info: LossInfo | undefined
}

/**
 * One subscription to `device.lost` per device, for good. A reaction to a promise can't be taken off again, so each one holds on to what it
 * belongs to for as long as the device lives: a lent device would keep every backend that ever ran on it. These listeners can.
 */
const losses = new WeakMap<GPUDevice, DeviceLoss>()

/**
 * Calls a listener once the device is lost: at once, where that is known already.
 * @returns a function that takes the listener off again
 */
export function onDeviceLost(device: GPUDevice, listener: (info: LossInfo) => void): () => void {
  const loss = lossOf(device)
  if (loss.info) {
    listener(loss.info)
    return () => {}
  }
  // Wrapped: a listener that is given twice is called twice.
  const entry = (info: LossInfo): void => listener(info)
  loss.listeners.add(entry)
  return () => void loss.listeners.delete(entry)
}

function lossOf(device: GPUDevice): DeviceLoss {
  const known = losses.get(device)
  if (known) return known
  const loss: DeviceLoss = { listeners: new Set(), info: undefined }
  losses.set(device, loss)
  void device.lost.then(({ reason, message }) => {
    loss.info = { reason: reason === 'destroyed' ? 'destroyed' : 'unknown', message }
    const listeners = [...loss.listeners]
    loss.listeners.clear()
    for (const listener of listeners) listener(loss.info)
  })
  return loss
}
