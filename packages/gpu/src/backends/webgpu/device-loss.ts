/// <reference types="@webgpu/types" preserve="true" />
import type { LossInfo } from '../backend.ts'
import { nextTurn } from '../next-turn.ts'

interface DeviceLoss {
  readonly listeners: Set<(info: LossInfo) => void>
  /** Why the device was lost, once it is. */
  info?: LossInfo
}

/**
 * One subscription to `device.lost` per device, for good. A reaction to a promise can't be removed:
 * a lent device would keep every backend that ever ran on it. These listeners can.
 */
const losses = new WeakMap<GPUDevice, DeviceLoss>()

/** Calls a listener once the device is lost, at once where it is. Returns how to remove it. */
export function onDeviceLost(device: GPUDevice, listener: (info: LossInfo) => void): () => void {
  const loss = losses.get(device) ?? watch(device)
  if (loss.info) {
    listener(loss.info)
    return () => {}
  }
  // Wrapped: a listener that is given twice is called twice.
  const entry = (info: LossInfo): void => listener(info)
  loss.listeners.add(entry)
  return () => void loss.listeners.delete(entry)
}

function watch(device: GPUDevice): DeviceLoss {
  const loss: DeviceLoss = { listeners: new Set() }
  losses.set(device, loss)
  void device.lost.then(({ reason, message }) => {
    loss.info = { reason: reason === 'destroyed' ? 'destroyed' : 'unknown', message }
    const listeners = [...loss.listeners]
    loss.listeners.clear()
    for (const listener of listeners) listener(loss.info)
  })
  return loss
}

/**
 * Milliseconds within which Firefox reports a loss after it has reported that work is done or refused: it
 * polls its device every 100 ms, and reports message by message, between which a busy page does other things.
 */
const FIREFOX_PATIENCE = 50

const agent = (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent ?? ''
const isFirefox: boolean = /* @__PURE__ */ agent.includes('Firefox/')

/** Resolves when the news of a loss has had time to overtake what the device told before it. */
export function newsOfLoss(): Promise<void> {
  return isFirefox ? new Promise((resolve) => setTimeout(resolve, FIREFOX_PATIENCE)) : nextTurn()
}
