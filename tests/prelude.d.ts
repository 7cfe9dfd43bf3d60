// What the programs in the documentation take for granted: a reader has these already. Used by snippets.test.ts alone.
type PreludeComponent = import('@memkit/ecs-plugin').Synced &
  Record<'x' | 'y', Float32Array> &
  Record<string, Float32Array>

declare const device: GPUDevice
declare const adapter: GPUAdapter
declare const gpu: import('@memkit/gpu').MkGpu<import('@memkit/gpu').WebGpuBackend>
declare const a: import('@memkit/gpu').MkDeviceBuffer<import('@memkit/gpu').WebGpuBackend>
declare const b: import('@memkit/gpu').MkDeviceBuffer<import('@memkit/gpu').WebGpuBackend>
declare const c: import('@memkit/gpu').MkDeviceBuffer<import('@memkit/gpu').WebGpuBackend>
declare const d: import('@memkit/gpu').MkDeviceBuffer<import('@memkit/gpu').WebGpuBackend>
declare const staging: import('@memkit/gpu').MkStagingBuffer<import('@memkit/gpu').WebGpuBackend>
declare const bytes: ArrayBuffer
declare const pass: GPURenderPassEncoder
declare const bindGroupLayout: GPUBindGroupLayout
declare const listBindGroup: GPUBindGroup
declare const world: import('bitecs').World
declare const mk: import('@memkit/ecs-plugin').MkSync
declare const Position: PreludeComponent
declare const Velocity: Record<'x' | 'y', Float32Array>
declare const Visible: object
declare function physics<W>(world: W): W
declare function draw(what: unknown): void

/** Of somebody who writes a backend of their own. */
declare module 'my-backend' {
  export { DummyBackend as MyBackend } from '@memkit/gpu'
  export function mine(): Promise<import('@memkit/gpu').DummyOptions & { destroy(): void }>
}
