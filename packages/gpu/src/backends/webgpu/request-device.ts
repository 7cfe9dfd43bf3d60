/// <reference types="@webgpu/types" preserve="true" />
import { defineError, messageOf, type ErrorClass } from '@memkit/core'

/**
 * The adapter has no device with these limits or features.
 *
 * What to do: ask for lower `limits` or fewer `features`.
 */
export const DeviceRefused: ErrorClass<{
  code: 'DeviceRefused'
  adapter: string
  /** What the adapter said: the name, what was asked and what there is. */
  detail: string
}> = defineError(
  'DeviceRefused',
  ({ adapter, detail }) =>
    `${adapter} has no such device: ${detail.replace(/[.\s]*$/, '.')} Ask for lower \`limits\` or fewer \`features\`.`,
)
export type DeviceRefused = InstanceType<typeof DeviceRefused>

/** What to ask an adapter for. */
export interface DeviceRequest {
  /**
   * Limits to ask for. Those of buffers default to the adapter's highest: `maxBufferSize`,
   * `maxStorageBufferBindingSize`, in compatibility mode `maxStorageBuffersInVertexStage`.
   */
  limits?: Record<string, number>
  /** Features to ask for. */
  features?: readonly GPUFeatureName[]
  /** Name of the device in error messages. */
  label?: string
}

export async function requestDevice(
  adapter: GPUAdapter,
  limits: Record<string, number>,
  { features = [], label = 'memkit' }: DeviceRequest,
): Promise<GPUDevice> {
  try {
    return await adapter.requestDevice({ label, requiredLimits: limits, requiredFeatures: [...features] })
  } catch (cause) {
    // Older browsers have no `info`.
    const info = adapter.info as GPUAdapterInfo | undefined
    const name = info?.description || info?.device || info?.vendor || 'The adapter'
    throw new DeviceRefused({ adapter: name, detail: messageOf(cause) }, { cause })
  }
}
