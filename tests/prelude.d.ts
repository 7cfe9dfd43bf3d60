// What the programs in the documentation assume that a reader has already. Only snippets.test.ts uses it.
import type { MkSync, Synced } from '@memkit/ecs-plugin'
import type { MkDeviceBuffer, MkGpu, MkStagingBuffer, WebGpuBackend } from '@memkit/gpu'
import type { World } from 'bitecs'

declare global {
  const device: GPUDevice
  const adapter: GPUAdapter
  const pass: GPURenderPassEncoder
  const bindGroupLayout: GPUBindGroupLayout

  const gpu: MkGpu<WebGpuBackend>
  const a: MkDeviceBuffer<WebGpuBackend>
  const b: MkDeviceBuffer<WebGpuBackend>
  const c: MkDeviceBuffer<WebGpuBackend>
  const d: MkDeviceBuffer<WebGpuBackend>
  const staging: MkStagingBuffer<WebGpuBackend>
  const bytes: ArrayBuffer

  const world: World
  const mk: MkSync
  const Position: Synced & Record<'x' | 'y', Float32Array>
  const Velocity: Record<'x' | 'y', Float32Array>
  const Visible: object
  const capacity: number
  function physics<W>(world: W): W
  function draw(what: unknown): void
}
