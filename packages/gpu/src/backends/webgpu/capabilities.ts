/// <reference types="@webgpu/types" preserve="true" />
import { MAX_WRITE_SIZE } from './writes.ts'
import type { MkCapabilities } from '../capabilities.ts'
import { runtimeName } from '../runtime-name.ts'
import { ALL_USAGES, MkMemoryType } from '../usage.ts'

/** Storage buffers that the scatter shader binds. A device may have fewer per stage in compatibility mode. */
const SCATTER_STORAGE_BUFFERS = 3

/** @param adapter its name, where the device does not know it */
export function webGpuCapabilities(device: GPUDevice, adapter: string | undefined): MkCapabilities {
  const { limits } = device
  return {
    backend: 'webgpu',
    adapter: adapter ?? adapterName(device),
    runtime: runtimeName(),
    maxBufferSize: limits.maxBufferSize,
    maxWriteSize: MAX_WRITE_SIZE,
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    maxStorageBuffersInVertexStage: vertexStorageBuffers(limits),
    maxUniformBufferBindingSize: limits.maxUniformBufferBindingSize,
    uniformOffsetAlignment: limits.minUniformBufferOffsetAlignment,
    storageOffsetAlignment: limits.minStorageBufferOffsetAlignment,
    maxVertexAttributes: limits.maxVertexAttributes,
    maxVertexBufferArrayStride: limits.maxVertexBufferArrayStride,
    maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
    usages: ALL_USAGES,
    indexIsExclusive: false,
    memoryTypes: MkMemoryType.DeviceLocal | MkMemoryType.HostVisible | MkMemoryType.HostCached,
    storage: true,
    indirect: true,
    scatter: limits.maxStorageBuffersPerShaderStage >= SCATTER_STORAGE_BUFFERS,
    map: true,
    unifiedMemory: false,
  }
}

/** Browsers without compatibility mode have no such limit: there the vertex stage is like any other. */
function vertexStorageBuffers(limits: GPUSupportedLimits): number {
  const { maxStorageBuffersInVertexStage } = limits as { maxStorageBuffersInVertexStage?: number }
  return maxStorageBuffersInVertexStage ?? limits.maxStorageBuffersPerShaderStage
}

function adapterName(device: GPUDevice): string {
  // Older implementations have no adapterInfo on the device.
  const info = device.adapterInfo as GPUAdapterInfo | undefined
  if (!info) return ''
  return info.description || info.device || [info.vendor, info.architecture].filter(Boolean).join(' ')
}
