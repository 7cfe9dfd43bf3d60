/// <reference types="@webgpu/types" preserve="true" />
import type { MkCallCounts, ScatterRows } from '../backend.ts'
import { SCATTER_WORKGROUP, scatterShader } from './scatter.wgsl.ts'

/** Storage buffers that the shader binds. A device may have fewer per stage in compatibility mode. */
export const SCATTER_STORAGE_BUFFERS = 3

/** Parameter blocks per uniform buffer. A frame has one scatter per mirror; more get a further buffer. */
const BLOCKS = 64
/** Words of one parameter block in the shader; the rest of a block is alignment. */
const PARAM_WORDS = 6

/** Uniform memory for the parameters of the scatters of one submit, and what the CPU last wrote into it. */
interface ParamChunk {
  readonly buffer: GPUBuffer
  readonly words: Uint32Array<ArrayBuffer>
  /** First and last block that differ from what the device has; none when from > to. */
  dirtyFrom: number
  dirtyTo: number
}

/** A bind group, good as long as its three buffers live. */
interface CachedGroup {
  readonly payload: GPUBuffer
  readonly chunk: ParamChunk
  readonly group: GPUBindGroup
}

/**
 * Compute scatter on one device. Pipelines are made once, off the thread; bind groups are kept per pair of buffers. In steady state a
 * scatter allocates nothing and calls setPipeline, setBindGroup and dispatch; its parameters go up in one write per
 * submit, and in none when they are what they were in the submit before.
 */
export class ScatterPass {
  ready = false
  readonly #device: GPUDevice
  readonly #calls: MkCallCounts
  readonly #maxGroups: number
  /** Bytes per parameter block. */
  readonly #blockBytes: number
  #layout: GPUBindGroupLayout | undefined
  #words: GPUComputePipeline | undefined
  #vectors: GPUComputePipeline | undefined
  readonly #chunks: ParamChunk[] = []
  readonly #groups = new Map<GPUBuffer, CachedGroup[]>()
  /** Scatters recorded since the last submit. */
  #used = 0
  readonly #offset = new Uint32Array(1)

  constructor(device: GPUDevice, calls: MkCallCounts) {
    this.#device = device
    this.#calls = calls
    this.#maxGroups = device.limits.maxComputeWorkgroupsPerDimension
    this.#blockBytes = Math.max(PARAM_WORDS * 4, device.limits.minUniformBufferOffsetAlignment)
  }

  /** Makes the pipelines. To be called once. Rejects when the device refuses them. */
  async prepare(): Promise<void> {
    const device = this.#device
    const compute = 4 // GPUShaderStage.COMPUTE; the global does not exist in Node
    this.#layout = device.createBindGroupLayout({
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
    const layout = device.createPipelineLayout({ bindGroupLayouts: [this.#layout] })
    const pipeline = (unit: 'u32' | 'vec4u'): Promise<GPUComputePipeline> =>
      device.createComputePipelineAsync({
        label: `memkit scatter ${unit}`,
        layout,
        compute: {
          module: device.createShaderModule({ code: scatterShader(unit) }),
          entryPoint: 'scatter',
        },
      })
    ;[this.#words, this.#vectors] = await Promise.all([pipeline('u32'), pipeline('vec4u')])
    this.ready = true
  }

  /** Records one scatter into an open pass. */
  record(pass: GPUComputePassEncoder, dst: GPUBuffer, payload: GPUBuffer, rows: ScatterRows): void {
    const { stride, count, payloadOffset, indexOffset } = rows
    const dstOffset = rows.dstOffset ?? 0
    const dstRows = Math.floor((dst.size - dstOffset) / stride)
    // Every row number is past the end; and a binding must hold one unit at least.
    if (dstRows === 0) return
    // A binding of array<vec4u> leaves out a buffer's last bytes unless it ends on a vector, but rows like these never do.
    const vectors = (stride | payloadOffset | dstOffset) % 16 === 0
    const unit = vectors ? 16 : 4
    const rowUnits = stride / unit
    const units = rowUnits * count
    const index = this.#used++
    const chunk = this.#chunk(Math.floor(index / BLOCKS))
    const block = index % BLOCKS
    const at = (block * this.#blockBytes) >>> 2
    const { words } = chunk
    if (
      words[at] !== units ||
      words[at + 1] !== rowUnits ||
      words[at + 2] !== payloadOffset / unit ||
      words[at + 3] !== indexOffset / 4 ||
      words[at + 4] !== dstOffset / unit ||
      words[at + 5] !== dstRows
    ) {
      words[at] = units
      words[at + 1] = rowUnits
      words[at + 2] = payloadOffset / unit
      words[at + 3] = indexOffset / 4
      words[at + 4] = dstOffset / unit
      words[at + 5] = dstRows
      chunk.dirtyFrom = Math.min(chunk.dirtyFrom, block)
      chunk.dirtyTo = Math.max(chunk.dirtyTo, block)
    }
    this.#offset[0] = block * this.#blockBytes
    pass.setPipeline(vectors ? this.#vectors! : this.#words!)
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

  /** Sends the parameters of what was recorded. Right before the submit: a write acts when called. */
  flush(): void {
    for (const chunk of this.#chunks) {
      if (chunk.dirtyFrom > chunk.dirtyTo) continue
      const from = chunk.dirtyFrom * this.#blockBytes
      const size = (chunk.dirtyTo + 1) * this.#blockBytes - from
      this.#device.queue.writeBuffer(chunk.buffer, from, chunk.words.buffer, from, size)
      this.#calls.writes++
      this.#calls.bytesWritten += size
      chunk.dirtyFrom = BLOCKS
      chunk.dirtyTo = -1
    }
    this.#used = 0
  }

  /** A buffer is gone: so are the bind groups that hold it. */
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
    this.ready = false
    for (const chunk of this.#chunks) chunk.buffer.destroy()
    this.#chunks.length = 0
    this.#groups.clear()
  }

  #chunk(index: number): ParamChunk {
    let chunk = this.#chunks[index]
    if (chunk === undefined) {
      const size = BLOCKS * this.#blockBytes
      chunk = {
        buffer: this.#device.createBuffer({
          label: 'memkit scatter parameters',
          size,
          usage: 0x40 | 0x8, // UNIFORM | COPY_DST
        }),
        words: new Uint32Array(size >>> 2),
        dirtyFrom: BLOCKS,
        dirtyTo: -1,
      }
      this.#chunks.push(chunk)
    }
    return chunk
  }

  #group(dst: GPUBuffer, payload: GPUBuffer, chunk: ParamChunk): GPUBindGroup {
    let groups = this.#groups.get(dst)
    if (groups === undefined) {
      groups = []
      this.#groups.set(dst, groups)
    }
    for (let i = 0; i < groups.length; i++) {
      const cached = groups[i]
      if (cached.payload === payload && cached.chunk === chunk) return cached.group
    }
    const group = this.#device.createBindGroup({
      label: 'memkit scatter',
      layout: this.#layout!,
      entries: [
        { binding: 0, resource: { buffer: chunk.buffer, size: PARAM_WORDS * 4 } },
        { binding: 1, resource: { buffer: payload } },
        { binding: 2, resource: { buffer: payload } },
        { binding: 3, resource: { buffer: dst } },
      ],
    })
    groups.push({ payload, chunk, group })
    return group
  }
}
