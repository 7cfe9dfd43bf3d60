/// <reference types="@webgpu/types" preserve="true" />
import type { ScatterRows } from '../backend.ts'
import type { MkCallCounts } from '../capabilities.ts'
import { PARAM_WORDS, type ParameterChunk, type ScatterParameters } from './scatter-parameters.ts'
import { SCATTER_WORKGROUP, scatterShader } from './scatter.wgsl.ts'

/** A bind group, good as long as its three buffers live. */
interface CachedGroup {
  readonly payload: GPUBuffer
  readonly chunk: ParameterChunk
  readonly group: GPUBindGroup
}

/**
 * Compute scatter on one device. Pipelines are made once, off the thread; bind groups are kept per
 * pair of buffers. In steady state a scatter allocates nothing.
 */
export class ScatterPass {
  readonly #device: GPUDevice
  readonly #calls: MkCallCounts
  readonly #maxGroups: number
  readonly #parameters: ScatterParameters
  readonly #layout: GPUBindGroupLayout
  readonly #words: GPUComputePipeline
  readonly #vectors: GPUComputePipeline
  readonly #groups = new Map<GPUBuffer, CachedGroup[]>()
  readonly #offset = new Uint32Array(1)
  /** The parameters of one scatter, in the order of the shader's struct. */
  readonly #values = new Uint32Array(PARAM_WORDS)

  private constructor(
    device: GPUDevice,
    calls: MkCallCounts,
    parameters: ScatterParameters,
    layout: GPUBindGroupLayout,
    [words, vectors]: readonly [GPUComputePipeline, GPUComputePipeline],
  ) {
    this.#device = device
    this.#calls = calls
    this.#parameters = parameters
    this.#maxGroups = device.limits.maxComputeWorkgroupsPerDimension
    this.#layout = layout
    this.#words = words
    this.#vectors = vectors
  }

  /** Makes the pipelines. Rejects when the device refuses them. */
  static async on(
    device: GPUDevice,
    calls: MkCallCounts,
    parameters: ScatterParameters,
  ): Promise<ScatterPass> {
    const compute = 4 // GPUShaderStage.COMPUTE; the global does not exist in Node
    const groupLayout = device.createBindGroupLayout({
      label: 'memkit scatter',
      entries: [
        {
          binding: 0,
          visibility: compute,
          buffer: { type: 'uniform', hasDynamicOffset: true, minBindingSize: PARAM_WORDS * 4 },
        },
        { binding: 1, visibility: compute, buffer: { type: 'read-only-storage' } },
        { binding: 2, visibility: compute, buffer: { type: 'read-only-storage' } },
        { binding: 3, visibility: compute, buffer: { type: 'storage' } },
      ],
    })
    const layout = device.createPipelineLayout({ bindGroupLayouts: [groupLayout] })
    const pipeline = (unit: 'u32' | 'vec4u'): Promise<GPUComputePipeline> =>
      device.createComputePipelineAsync({
        label: `memkit scatter ${unit}`,
        layout,
        compute: {
          module: device.createShaderModule({ code: scatterShader(unit) }),
          entryPoint: 'scatter',
        },
      })
    const pipelines = await Promise.all([pipeline('u32'), pipeline('vec4u')])
    return new ScatterPass(device, calls, parameters, groupLayout, pipelines)
  }

  record(pass: GPUComputePassEncoder, dst: GPUBuffer, payload: GPUBuffer, rows: ScatterRows): void {
    const { stride, count, payloadOffset, indexOffset, dstOffset = 0 } = rows
    const dstRows = Math.floor((dst.size - dstOffset) / stride)
    // Every row number is past the end; and a binding must hold one unit at least.
    if (dstRows === 0) return
    // A binding of array<vec4u> leaves out bytes past the last vector, which such rows never reach.
    const vectors = (stride | payloadOffset | dstOffset) % 16 === 0
    const unit = vectors ? 16 : 4
    const rowUnits = stride / unit
    const units = rowUnits * count
    const values = this.#values
    values[0] = units
    values[1] = rowUnits
    values[2] = payloadOffset / unit
    values[3] = indexOffset / 4
    values[4] = dstOffset / unit
    values[5] = dstRows
    const chunk = this.#parameters.take(values)
    this.#offset[0] = this.#parameters.offset
    pass.setPipeline(vectors ? this.#vectors : this.#words)
    pass.setBindGroup(0, this.#group(dst, payload, chunk), this.#offset, 0, 1)
    const groups = Math.ceil(units / SCATTER_WORKGROUP)
    if (groups <= this.#maxGroups) pass.dispatchWorkgroups(groups)
    else {
      // As square as it gets, so that few workgroups in the last row have nothing to do.
      const rowsOfGroups = Math.ceil(groups / this.#maxGroups)
      pass.dispatchWorkgroups(Math.ceil(groups / rowsOfGroups), rowsOfGroups)
    }
    this.#calls.dispatches++
  }

  /** Drops the bind groups that hold a buffer. */
  forget(buffer: GPUBuffer): void {
    if (this.#groups.size === 0) return
    this.#groups.delete(buffer)
    for (const [dst, groups] of this.#groups) {
      const kept = groups.filter((group) => group.payload !== buffer)
      if (kept.length === 0) this.#groups.delete(dst)
      else if (kept.length < groups.length) this.#groups.set(dst, kept)
    }
  }

  destroy(): void {
    this.#groups.clear()
  }

  #group(dst: GPUBuffer, payload: GPUBuffer, chunk: ParameterChunk): GPUBindGroup {
    let groups = this.#groups.get(dst)
    if (groups === undefined) this.#groups.set(dst, (groups = []))
    for (const cached of groups) if (cached.payload === payload && cached.chunk === chunk) return cached.group
    const group = this.#device.createBindGroup({
      label: 'memkit scatter',
      layout: this.#layout,
      entries: [
        { binding: 0, resource: { buffer: chunk.buffer, size: PARAM_WORDS * 4 } },
        { binding: 1, resource: { buffer: payload } },
        { binding: 2, resource: { buffer: payload } },
        { binding: 3, resource: { buffer: dst } },
      ],
    })
    // One that is not confirmed may be dropped: nothing keeps it.
    if (chunk.confirmed) groups.push({ payload, chunk, group })
    return group
  }
}
