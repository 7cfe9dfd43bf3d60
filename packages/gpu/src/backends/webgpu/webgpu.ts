/// <reference types="@webgpu/types" preserve="true" />
import { messageOf } from '@memkit/core'
import { noCalls, type MkCallCounts, type MkCapabilities } from '../capabilities.ts'
import type {
  BackendAllocation,
  BackendAttachOptions,
  BackendBufferDescriptor,
  BackendSink,
  MkGpuBackend,
  ScatterRows,
} from '../backend.ts'
import { BackendInUse, ValidationFailed } from '../errors.ts'
import { MkMemoryType } from '../usage.ts'
import { allocate } from './allocate.ts'
import { webGpuCapabilities } from './capabilities.ts'
import { newsOfLoss, onDeviceLost } from './device-loss.ts'
import { ErrorScopes, type Answer } from './error-scopes.ts'
import { mapHeld } from './pending-maps.ts'
import { ScatterParameters } from './scatter-parameters.ts'
import type { ScatterPass } from './scatter-pass.ts'
import { QueueWrites } from './writes.ts'

/** Flags of GPUBufferUsage and values of GPUMapMode: they are the same. */
const MAP_READ = 0x1
const MAP_WRITE = 0x2

const ignore = (): void => {}

/** How a WebGPU backend treats its device. */
export interface WebGpuBackendOptions {
  /** True: the device is ours, and destroyed with the MkGpu. Default false: borrowed, left as it was. */
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
  readonly #scopes: ErrorScopes
  readonly #writes: QueueWrites
  readonly #parameters: ScatterParameters
  /** Loaded, and its pipelines made, when it is first asked for. */
  #scatter: ScatterPass | undefined
  #scatterMade: Promise<void> | undefined
  #sink: BackendSink | undefined
  #lost = false
  /** Stops listening to the device, which may live on. */
  #unwatch: () => void = ignore
  #encoder: GPUCommandEncoder | undefined
  #pass: GPUComputePassEncoder | undefined
  /** Of the buffers that recorded work uses, in debug mode. */
  readonly #labels = new Set<string>()
  /** The parts recorded before the current one, and for each the answers that it depends on. */
  readonly #parts: GPUCommandBuffer[] = []
  readonly #answers: (readonly Answer[])[] = []
  /** One command buffer, for `queue.submit`. */
  readonly #submission: GPUCommandBuffer[] = []
  #signalled = 0

  constructor(device: GPUDevice, options: WebGpuBackendOptions = {}) {
    this.device = device
    this.#queue = device.queue
    this.#owned = options.owned === true
    this.#scopes = new ErrorScopes(device, (error) => void this.#unlessLost((sink) => sink.error(error)))
    this.#writes = new QueueWrites(device.queue, this.calls)
    this.#parameters = new ScatterParameters(device, this.calls, this.#scopes)
    this.capabilities = webGpuCapabilities(device, options.adapter)
  }

  get scatterReady(): boolean {
    return this.#scatter !== undefined && this.#parameters.ready
  }

  get scatterRoom(): number {
    return this.#parameters.room
  }

  attach(sink: BackendSink, { debug }: BackendAttachOptions): void {
    if (this.#sink) throw new BackendInUse({ backend: 'webgpu' })
    this.#sink = sink
    this.#scopes.debug = debug
    this.device.addEventListener('uncapturederror', this.#uncaptured)
    this.#unwatch = onDeviceLost(this.device, (info) => {
      this.#lost = true
      sink.lost(info)
    })
  }

  createBuffer(descriptor: BackendBufferDescriptor): BackendAllocation<GPUBuffer> {
    const { size, memory, label, mapped: mappedAtCreation } = descriptor
    let { usage } = descriptor
    if (memory === MkMemoryType.HostVisible) usage |= MAP_WRITE
    if (memory === MkMemoryType.HostCached) usage |= MAP_READ
    this.#scopes.open([])
    try {
      const { buffer, answer } = allocate(this.device, { label, size, usage, mappedAtCreation })
      this.calls.buffersCreated++
      this.#scopes.add(buffer, answer)
      return { native: buffer, error: answer }
    } finally {
      this.#scopes.close([], 'createBuffer', label)
    }
  }

  destroyBuffer(buffer: GPUBuffer): void {
    this.#scatter?.forget(buffer)
    this.#scopes.forget(buffer)
    buffer.destroy()
  }

  write(dst: GPUBuffer, dstOffset: number, source: ArrayBufferLike, srcOffset: number, size: number): void {
    const answers = this.#scopes.answersFor(dst)
    this.#scopes.open(answers)
    this.#writes.write(dst, dstOffset, source, srcOffset, size)
    this.#close(answers, 'write', dst)
  }

  copy(src: GPUBuffer, srcOffset: number, dst: GPUBuffer, dstOffset: number, size: number): void {
    this.#endPass()
    this.#open().copyBufferToBuffer(src, srcOffset, dst, dstOffset, size)
    this.#noteUse(src, dst)
    this.calls.copies++
  }

  async prepareScatter(scatters: number = 1): Promise<boolean> {
    this.#scatterMade ??= this.#makeScatter().catch((cause: unknown) => {
      const detail = messageOf(cause)
      if (!this.#lost)
        this.#sink?.error(new ValidationFailed({ operation: 'prepareScatter', label: '', detail }))
    })
    await this.#scatterMade
    if (this.#scatter === undefined || this.#lost) return false
    return (await this.#parameters.provide(scatters)) && this.scatterReady
  }

  scatter(dst: GPUBuffer, payload: GPUBuffer, rows: ScatterRows): void {
    // Parameters beyond the room lie in memory that is not confirmed.
    const beyond = this.#parameters.room === 0
    if (beyond) {
      this.separate()
      this.#scopes.recordAnswer(this.#parameters.beyond)
    }
    this.#noteUse(dst, payload)
    // Bind groups are refused when they are made.
    const answers = this.#scopes.part
    this.#scopes.open(answers)
    this.#pass ??= this.#open().beginComputePass()
    this.#scatter!.record(this.#pass, dst, payload, rows)
    this.#close(answers, 'scatter', dst)
    if (beyond) this.separate()
  }

  separate(): void {
    if (this.#encoder === undefined) return
    const answers = this.#scopes.takePart()
    this.#scopes.open(answers)
    this.#endPass()
    this.#parts.push(this.#encoder.finish())
    this.#scopes.close(answers, 'submit', this.#recordedLabels())
    this.#answers.push(answers)
    this.#encoder = undefined
  }

  submit(): void {
    this.separate()
    this.#parameters.flush()
    // Apart: an array of command buffers in one submit would share one fate.
    for (let i = 0; i < this.#parts.length; i++) {
      this.#scopes.open(this.#answers[i])
      this.#submission[0] = this.#parts[i]
      this.#queue.submit(this.#submission)
      this.calls.submits++
      this.#scopes.close(this.#answers[i], 'submit', this.#recordedLabels())
    }
    this.#clear()
  }

  signal(serial: number): void {
    this.#signalled = serial
    void this.#queue.onSubmittedWorkDone().then(this.#workDone, ignore)
  }

  async map(buffer: GPUBuffer): Promise<void> {
    const answers = this.#scopes.answersFor(buffer)
    try {
      this.#scopes.open(answers)
      const map = mapHeld(this.#queue, buffer, buffer.usage & MAP_WRITE ? MAP_WRITE : MAP_READ)
      this.#scopes.close(answers, 'map', buffer.label)
      await map
    } catch (cause) {
      // Chromium rejects the maps of a lost device before it reports the loss; what the queue answers
      // comes after both, so that the reason is known when the rejection arrives. Not so in Firefox.
      await this.#queue.onSubmittedWorkDone().catch(ignore)
      await newsOfLoss()
      throw cause
    }
  }

  mappedRange(buffer: GPUBuffer): ArrayBuffer {
    return buffer.getMappedRange()
  }

  /** Nothing to do: `unmap` hands over the whole range. */
  flush(): void {}

  unmap(buffer: GPUBuffer): void {
    buffer.unmap()
  }

  destroy(): void {
    this.#lost = true
    this.#unwatch()
    this.device.removeEventListener('uncapturederror', this.#uncaptured)
    this.#pass = undefined
    this.#encoder = undefined
    this.#clear()
    this.#scatter?.destroy()
    this.#scatter = undefined
    this.#parameters.destroy()
    if (this.#owned) this.device.destroy()
  }

  async #makeScatter(): Promise<void> {
    const { ScatterPass } = await import('./scatter-pass.ts')
    const scatter = await ScatterPass.on(this.device, this.calls, this.#parameters)
    if (!this.#lost) this.#scatter = scatter
  }

  #open(): GPUCommandEncoder {
    return (this.#encoder ??= this.device.createCommandEncoder())
  }

  #endPass(): void {
    this.#pass?.end()
    this.#pass = undefined
  }

  /** Notes which buffers the part being recorded names. */
  #noteUse(a: GPUBuffer, b: GPUBuffer): void {
    this.#scopes.record(a)
    this.#scopes.record(b)
    if (this.#scopes.debug) this.#labels.add(a.label).add(b.label)
  }

  /** Closes a scope. Asking a buffer for its label takes a fifth of the time of a small write. */
  #close(answers: readonly Answer[], operation: string, buffer: GPUBuffer): void {
    if (this.#scopes.areUsed(answers)) this.#scopes.close(answers, operation, buffer.label)
  }

  #recordedLabels(): string {
    return this.#labels.size === 0 ? '' : [...this.#labels].join("', '")
  }

  #clear(): void {
    this.#parts.length = 0
    this.#answers.length = 0
    this.#submission.length = 0
    this.#labels.clear()
  }

  /**
   * Passes on what the device said, unless it is lost. Firefox reports work as done, and calls as
   * refused, before it reports that the device was lost; so the news of a loss gets time to overtake.
   */
  async #unlessLost(tell: (sink: BackendSink) => void): Promise<void> {
    await newsOfLoss()
    if (!this.#lost && this.#sink) tell(this.#sink)
  }

  // It resolves for a lost device too. Only a lost device rejects, and `lost` says so.
  readonly #workDone = (): void => void this.#unlessLost(this.#completed)
  readonly #completed = (sink: BackendSink): void => sink.completed(this.#signalled)

  readonly #uncaptured = ({ error }: GPUUncapturedErrorEvent): void => {
    const typed = new ValidationFailed({ operation: '', label: '', detail: error.message })
    void this.#unlessLost((sink) => sink.uncaptured(typed))
  }
}
