/// <reference types="@webgpu/types" preserve="true" />
import type { MkError } from '@memkit/core'
import { noCalls } from '../backend.ts'
import type {
  BackendAllocation,
  BackendAttachOptions,
  BackendBufferDescriptor,
  BackendSink,
  MkCallCounts,
  MkCapabilities,
  MkGpuBackend,
  ScatterRows,
} from '../backend.ts'
import { AllocationFailed, BackendInUse, ValidationFailed } from '../errors.ts'
import { ALL_USAGES, MkMemoryType } from '../usage.ts'
import { newsOfLoss } from './news-of-loss.ts'
import { ScatterParameters } from './scatter-parameters.ts'
import { onDeviceLost } from './device-loss.ts'
import { mapHeld } from './pending-maps.ts'
import { LARGE_SOURCE_BYTES, SourceWindows } from './source-windows.ts'
import { SCATTER_STORAGE_BUFFERS, ScatterPass } from './scatter-pass.ts'
import { UnconfirmedBuffers } from './unconfirmed-buffers.ts'
import type { Answer } from './unconfirmed-buffers.ts'

/**
 * Most bytes per `writeBuffer`: just under 4 MiB. Chrome sends writes below 4 MiB inline, and allocates a staging buffer per
 * call above (docs/gpu.md, measured there); 4 KiB are left for the message around the bytes.
 */
const MAX_WRITE_BYTES = (4 << 20) - 4096

/** Bytes brought over at a time from memory that `writeBuffer` does not take. */
const BOUNCE_BYTES = 1 << 20

const MAP_READ = 0x1
const MAP_WRITE = 0x2

/** Recorded operations that are submitted by themselves, and what the device will say about the memory that they use. */
interface Part {
  readonly commands: GPUCommandBuffer
  readonly answers: readonly Answer[]
}

/** How a WebGPU backend treats its device. */
export interface WebGpuBackendOptions {
  /** True: the device is ours, and destroyed with the MkGpu. Default false: it is borrowed, and left as it was. */
  owned?: boolean
  /** Name of the adapter where the device does not know it. */
  adapter?: string
}

/** Any `GPUDevice`: a browser's, three.js's, Babylon's, TypeGPU's, or Dawn's in Node. */
export class WebGpuBackend implements MkGpuBackend<GPUBuffer> {
  readonly device: GPUDevice
  readonly capabilities: MkCapabilities
  readonly calls: MkCallCounts = noCalls()

  readonly #owned: boolean
  readonly #queue: GPUQueue
  readonly #unconfirmed: UnconfirmedBuffers
  readonly #parameters: ScatterParameters
  readonly #scatter: ScatterPass
  #pipelines: Promise<boolean> | undefined
  #sink: BackendSink | undefined
  #debug = false
  #lost = false
  /** Stops listening to the device, which may live on. */
  #unwatch: () => void = () => {}
  #encoder: GPUCommandEncoder | undefined
  #pass: GPUComputePassEncoder | undefined
  /** Labels of the buffers that recorded work uses, in debug mode. */
  readonly #recordedLabels = new Set<string>()
  readonly #submission: GPUCommandBuffer[] = []
  /** Parts that are recorded, before the one that is being recorded. */
  readonly #parts: Part[] = []
  #signalled = 0
  #bounce: Uint8Array<ArrayBuffer> | undefined
  readonly #windows = new SourceWindows(MAX_WRITE_BYTES)

  constructor(device: GPUDevice, options: WebGpuBackendOptions = {}) {
    this.device = device
    this.#queue = device.queue
    this.#owned = options.owned === true
    this.#unconfirmed = new UnconfirmedBuffers(
      device,
      (error) => void this.#unlessLost((sink) => sink.error(error)),
    )
    this.#parameters = new ScatterParameters(device, this.calls, this.#unconfirmed)
    this.#scatter = new ScatterPass(device, this.calls, this.#parameters)
    const { limits } = device
    this.capabilities = {
      backend: 'webgpu',
      adapter: options.adapter ?? adapterName(device),
      runtime: runtimeName(),
      maxBufferSize: limits.maxBufferSize,
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

  get scatterReady(): boolean {
    return this.#scatter.ready && this.#parameters.ready
  }

  get scatterRoom(): number {
    return this.#parameters.room
  }

  attach(sink: BackendSink, { debug }: BackendAttachOptions): void {
    if (this.#sink) throw new BackendInUse('webgpu')
    this.#sink = sink
    this.#debug = debug
    this.device.addEventListener('uncapturederror', this.#uncaptured)
    this.#unwatch = onDeviceLost(this.device, (info) => {
      this.#lost = true
      sink.lost(info)
    })
  }

  createBuffer({
    size,
    usage,
    memory,
    label,
    mapped,
  }: BackendBufferDescriptor): BackendAllocation<GPUBuffer> {
    const { device } = this
    const map =
      memory === MkMemoryType.HostVisible ? MAP_WRITE : memory === MkMemoryType.HostCached ? MAP_READ : 0
    // Out of memory does not throw: it comes through this scope, some time later.
    device.pushErrorScope('out-of-memory')
    if (this.#debug) device.pushErrorScope('validation')
    let native: GPUBuffer | undefined
    let thrown: unknown
    try {
      native = device.createBuffer({ label, size, usage: usage | map, mappedAtCreation: mapped })
    } catch (error) {
      // Mapping at creation needs CPU memory at once, and throws without it.
      thrown = error
    }
    if (this.#debug) this.#popValidation('createBuffer', label)
    const settled = device.popErrorScope().then(
      (error) => (error ? new AllocationFailed(label, size, error.message) : undefined),
      () => undefined,
    )
    if (native === undefined)
      throw new AllocationFailed(label, size, thrown instanceof Error ? thrown.message : String(thrown))
    this.calls.buffersCreated++
    this.#unconfirmed.add(native, settled)
    return { native, settled }
  }

  destroyBuffer(buffer: GPUBuffer): void {
    this.#scatter.forget(buffer)
    this.#unconfirmed.forget(buffer)
    buffer.destroy()
  }

  write(
    dst: GPUBuffer,
    dstOffset: number,
    source: ArrayBuffer | SharedArrayBuffer,
    srcOffset: number,
    size: number,
  ): void {
    if (this.#debug) this.device.pushErrorScope('validation')
    const answer = this.#unconfirmed.answerFor(dst)
    if (answer === undefined) this.#writeFrom(dst, dstOffset, source, srcOffset, size)
    else this.#writeUnconfirmed(answer, dst, dstOffset, source, srcOffset, size)
    if (this.#debug) this.#popValidation('write', dst.label)
  }

  copy(src: GPUBuffer, srcOffset: number, dst: GPUBuffer, dstOffset: number, size: number): void {
    this.#endPass()
    this.#open().copyBufferToBuffer(src, srcOffset, dst, dstOffset, size)
    this.#unconfirmed.record(src)
    this.#unconfirmed.record(dst)
    this.calls.copies++
    if (this.#debug) this.#recordedLabels.add(src.label).add(dst.label)
  }

  async prepareScatter(scatters: number = 1): Promise<boolean> {
    this.#pipelines ??= this.#scatter.prepare().then(
      () => true,
      (cause: unknown) => {
        const detail = cause instanceof Error ? cause.message : String(cause)
        if (!this.#lost) this.#sink?.error(new ValidationFailed('prepareScatter', '', detail))
        return false
      },
    )
    if (!(await this.#pipelines) || this.#lost) return false
    return (await this.#parameters.provide(scatters)) && this.scatterReady
  }

  scatter(dst: GPUBuffer, payload: GPUBuffer, rows: ScatterRows): void {
    // Parameters beyond the room lie in memory that is not confirmed.
    const beyond = this.#parameters.room === 0
    if (beyond) {
      this.separate()
      this.#unconfirmed.hangOn(this.#parameters.beyond)
    }
    this.#unconfirmed.record(dst)
    this.#unconfirmed.record(payload)
    if (this.#unconfirmed.inPart) this.#scatterUnconfirmed(dst, payload, rows)
    else this.#record(dst, payload, rows)
    if (beyond) this.separate()
    if (this.#debug) this.#recordedLabels.add(dst.label).add(payload.label)
  }

  separate(): void {
    if (this.#encoder === undefined) return
    const answers = this.#unconfirmed.takeRecorded()
    const commands = this.#unconfirmed.within(answers, 'submit', '', () => this.#finish())
    this.#parts.push({ commands, answers })
  }

  submit(): void {
    if (this.#debug) this.device.pushErrorScope('validation')
    if (this.#parts.length > 0 || this.#unconfirmed.inPart) this.#submitParts()
    else if (this.#encoder !== undefined) {
      this.#parameters.flush()
      this.#submit(this.#finish())
    }
    if (this.#debug) {
      this.#popValidation('submit', [...this.#recordedLabels].join("', '"))
      this.#recordedLabels.clear()
    }
  }

  signal(serial: number): void {
    this.#signalled = serial
    void this.#queue.onSubmittedWorkDone().then(this.#workDone, this.#workFailed)
  }

  async map(buffer: GPUBuffer): Promise<void> {
    const answer = this.#unconfirmed.answerFor(buffer)
    // GPUMapMode has the values of the usages.
    const mode = buffer.usage & MAP_WRITE ? MAP_WRITE : MAP_READ
    try {
      if (answer === undefined) await mapHeld(this.#queue, buffer, mode)
      else
        await this.#unconfirmed.within([answer], 'map', buffer.label, () =>
          mapHeld(this.#queue, buffer, mode),
        )
    } catch (cause) {
      // Chromium rejects the maps of a lost device before it says that the device is lost. What the queue answers comes after both,
      // so that whoever hears of the rejection knows why; in Firefox it may still come before.
      await this.#queue.onSubmittedWorkDone().catch(() => {})
      await newsOfLoss()
      throw cause
    }
  }

  mappedRange(buffer: GPUBuffer): ArrayBuffer {
    return buffer.getMappedRange()
  }

  flush(): void {
    // Nothing to do: unmap hands over the whole range.
  }

  unmap(buffer: GPUBuffer): void {
    buffer.unmap()
  }

  destroy(): void {
    this.#lost = true
    this.#unwatch()
    this.device.removeEventListener('uncapturederror', this.#uncaptured)
    this.#pass = undefined
    this.#encoder = undefined
    this.#parts.length = 0
    this.#scatter.destroy()
    this.#parameters.destroy()
    if (this.#owned) this.device.destroy()
  }

  #writeFrom(
    dst: GPUBuffer,
    dstOffset: number,
    source: ArrayBuffer | SharedArrayBuffer,
    srcOffset: number,
    size: number,
  ): void {
    if (isPlain(source)) this.#write(dst, dstOffset, source, srcOffset, size)
    else this.#writeBounced(dst, dstOffset, source, srcOffset, size)
  }

  /** Apart from `write`, which makes no closure. */
  #writeUnconfirmed(
    answer: Answer,
    dst: GPUBuffer,
    dstOffset: number,
    source: ArrayBuffer | SharedArrayBuffer,
    srcOffset: number,
    size: number,
  ): void {
    this.#unconfirmed.within([answer], 'write', dst.label, () =>
      this.#writeFrom(dst, dstOffset, source, srcOffset, size),
    )
  }

  #record(dst: GPUBuffer, payload: GPUBuffer, rows: ScatterRows): void {
    this.#pass ??= this.#open().beginComputePass()
    this.#scatter.record(this.#pass, dst, payload, rows)
  }

  /** Apart from `scatter`, which makes no closure. Bind groups are refused when they are made. */
  #scatterUnconfirmed(dst: GPUBuffer, payload: GPUBuffer, rows: ScatterRows): void {
    const answers = [...this.#unconfirmed.recorded]
    this.#unconfirmed.within(answers, 'scatter', dst.label, () => this.#record(dst, payload, rows))
  }

  /** Ends what is being recorded. */
  #finish(): GPUCommandBuffer {
    this.#endPass()
    const commands = this.#encoder!.finish()
    this.#encoder = undefined
    return commands
  }

  #submit(commands: GPUCommandBuffer): void {
    this.#submission[0] = commands
    this.#queue.submit(this.#submission)
    this.#submission.length = 0
    this.calls.submits++
  }

  /** Each in a submit of its own: an array of command buffers in one submit would share one fate. */
  #submitParts(): void {
    this.separate()
    this.#parameters.flush()
    for (const { commands, answers } of this.#parts.splice(0))
      this.#unconfirmed.within(answers, 'submit', '', () => this.#submit(commands))
  }

  #write(dst: GPUBuffer, dstOffset: number, source: ArrayBuffer, srcOffset: number, size: number): void {
    if (source.byteLength >= LARGE_SOURCE_BYTES)
      return this.#writeWindows(dst, dstOffset, source, srcOffset, size)
    for (let done = 0; done < size; done += MAX_WRITE_BYTES) {
      const bytes = Math.min(MAX_WRITE_BYTES, size - done)
      this.#queue.writeBuffer(dst, dstOffset + done, source, srcOffset + done, bytes)
      this.calls.writes++
    }
    this.calls.bytesWritten += size
  }

  #writeWindows(
    dst: GPUBuffer,
    dstOffset: number,
    source: ArrayBuffer,
    srcOffset: number,
    size: number,
  ): void {
    for (let done = 0; done < size; done += MAX_WRITE_BYTES) {
      const bytes = Math.min(MAX_WRITE_BYTES, size - done)
      const from = srcOffset + done
      const { start, view } = this.#windows.at(source, from)
      this.#queue.writeBuffer(dst, dstOffset + done, view, from - start, bytes)
      this.calls.writes++
    }
    this.calls.bytesWritten += size
  }

  /** Shared memory crashes Dawn in Node, resizable memory is refused by browsers: both come over through memory of ours. */
  #writeBounced(
    dst: GPUBuffer,
    dstOffset: number,
    source: ArrayBuffer | SharedArrayBuffer,
    srcOffset: number,
    size: number,
  ): void {
    const bounce = (this.#bounce ??= new Uint8Array(BOUNCE_BYTES))
    for (let done = 0; done < size; done += BOUNCE_BYTES) {
      const bytes = Math.min(BOUNCE_BYTES, size - done)
      bounce.set(new Uint8Array(source, srcOffset + done, bytes))
      this.#write(dst, dstOffset + done, bounce.buffer, 0, bytes)
    }
  }

  #open(): GPUCommandEncoder {
    this.#encoder ??= this.device.createCommandEncoder()
    return this.#encoder
  }

  #endPass(): void {
    this.#pass?.end()
    this.#pass = undefined
  }

  #popValidation(operation: string, label: string): void {
    this.device.popErrorScope().then(
      (error) => {
        if (error)
          void this.#unlessLost((sink) => sink.error(new ValidationFailed(operation, label, error.message)))
      },
      () => {},
    )
  }

  /**
   * Passes on what the device said, unless it is lost. Firefox says that work is done, and that calls were refused, before it says that the
   * device is lost which did none of it; so the news of a loss gets time to overtake.
   */
  async #unlessLost(tell: (sink: BackendSink) => void): Promise<void> {
    await newsOfLoss()
    if (!this.#lost && this.#sink) tell(this.#sink)
  }

  readonly #workDone = (): void => {
    // It resolves for a lost device too.
    void this.#unlessLost(this.#completed)
  }

  readonly #completed = (sink: BackendSink): void => {
    sink.completed(this.#signalled)
  }

  readonly #workFailed = (): void => {
    // Only a lost device refuses, and `lost` says so.
  }

  readonly #uncaptured = (event: GPUUncapturedErrorEvent): void => {
    const { error } = event
    const typed: MkError = new ValidationFailed('', '', error.message)
    void this.#unlessLost((sink) => sink.uncaptured(typed))
  }
}

/** True for memory that `writeBuffer` takes everywhere: neither shared nor resizable. */
function isPlain(source: ArrayBuffer | SharedArrayBuffer): source is ArrayBuffer {
  return source instanceof ArrayBuffer && (source as { resizable?: boolean }).resizable !== true
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

function runtimeName(): string {
  const node = (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node
  if (node !== undefined) return `Node ${node}, Dawn`
  const agent = (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent ?? ''
  return /(?:Firefox|Edg|Chrome|Version)\/[\d.]+/.exec(agent)?.[0] ?? agent
}
