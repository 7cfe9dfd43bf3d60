import type { MkCapabilities } from '../capabilities.ts'
import { runtimeName } from '../runtime-name.ts'
import { MkBufferUsage, MkMemoryType } from '../usage.ts'

/** WebGL2 names no limit. Every implementation can count to this, and few have as much in one piece. */
const MAX_BUFFER_SIZE = 1 << 30

const { VERTEX, INDEX, UNIFORM, TRANSFER_SRC, TRANSFER_DST } = MkBufferUsage

/** What a context can do. */
export function webGl2Capabilities(
  gl: WebGL2RenderingContext,
  { adapter, maxBufferSize }: { adapter?: string; maxBufferSize?: number },
): MkCapabilities {
  return {
    backend: 'webgl2',
    adapter: adapter ?? rendererName(gl),
    runtime: runtimeName(),
    maxBufferSize: maxBufferSize ?? MAX_BUFFER_SIZE,
    maxStorageBufferBindingSize: 0,
    maxStorageBuffersInVertexStage: 0,
    // A lost context knows no numbers; these are the least that WebGL2 allows, and the most.
    maxUniformBufferBindingSize: numberOf(gl, gl.MAX_UNIFORM_BLOCK_SIZE, 16 << 10),
    uniformOffsetAlignment: numberOf(gl, gl.UNIFORM_BUFFER_OFFSET_ALIGNMENT, 256),
    storageOffsetAlignment: 4,
    maxVertexAttributes: numberOf(gl, gl.MAX_VERTEX_ATTRIBS, 16),
    // WebGL's own rule, for every device.
    maxVertexBufferArrayStride: 255,
    maxComputeWorkgroupsPerDimension: 0,
    maxComputeWorkgroupSizeX: 0,
    usages: VERTEX | INDEX | UNIFORM | TRANSFER_SRC | TRANSFER_DST,
    indexIsExclusive: true,
    memoryTypes: MkMemoryType.DeviceLocal | MkMemoryType.HostVisible | MkMemoryType.HostCached,
    storage: false,
    indirect: false,
    scatter: false,
    map: false,
    unifiedMemory: false,
  }
}

function numberOf(gl: WebGL2RenderingContext, parameter: number, otherwise: number): number {
  const value: unknown = gl.getParameter(parameter)
  return typeof value === 'number' ? value : otherwise
}

function rendererName(gl: WebGL2RenderingContext): string {
  const extension = gl.getExtension('WEBGL_debug_renderer_info')
  const name: unknown = gl.getParameter(extension?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER)
  return typeof name === 'string' ? name : ''
}
