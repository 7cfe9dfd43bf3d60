import { defineError, messageOf, type ErrorClass } from '@memkit/core'

/**
 * Node found no device.
 *
 * What to do: follow the message: install a Vulkan driver or Chromium with SwiftShader, or name
 * another `backend`.
 */
export const NoAdapter: ErrorClass<{
  code: 'NoAdapter'
  /** What was tried, in words. */
  tried: readonly string[]
  advice: string
}> = defineError(
  'NoAdapter',
  ({ tried, advice }) => `Dawn found no adapter (tried: ${tried.join('; ')}). ${advice}`,
)
export type NoAdapter = InstanceType<typeof NoAdapter>

/**
 * The npm package `webgpu` is missing, or its binary does not load here.
 *
 * What to do: `npm install webgpu`, and allow its install script.
 */
export const DawnMissing: ErrorClass<{ code: 'DawnMissing' }> = defineError(
  'DawnMissing',
  (_, cause) =>
    `The npm package 'webgpu' (Dawn for Node) could not be loaded: ${messageOf(cause)}. ` +
    'npm install webgpu, and allow its install script.',
)
export type DawnMissing = InstanceType<typeof DawnMissing>
