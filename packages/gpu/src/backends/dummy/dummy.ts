import { defineError, type ErrorClass } from '@memkit/core'
import { noCalls, type MkCallCounts, type MkCapabilities } from '../capabilities.ts'
import type {
  BackendAllocation,
  BackendBufferDescriptor,
  BackendSink,
  LossInfo,
  MkGpuBackend,
  ScatterRows,
} from '../backend.ts'
import { AllocationFailed, BackendInUse } from '../errors.ts'
import { ALL_USAGES, MkMemoryType } from '../usage.ts'
import { detach } from '../detach.ts'
import { DummyAnswers } from './dummy-answers.ts'
import { DummyBuffer, copyInto } from './dummy-buffer.ts'
import { Operation, Operations } from './operations.ts'
import type { DummyFaults, DummyOptions } from './options.ts'
import { DummyQueue } from './dummy-queue.ts'
import { nextTurn } from '../next-turn.ts'

export { DummyBuffer } from './dummy-buffer.ts'
export type { DummyFaults, DummyOptions } from './options.ts'

/**
 * The Dummy found a use of memory that a real device forbids or silently gets wrong.
 *
 * What to do: do what the message says: wait for the serial, or unmap, before the buffer is used again.
 */
export const HazardDetected: ErrorClass<{ code: 'HazardDetected'; label: string; what: string }> =
  defineError('HazardDetected', ({ label, what }) => `'${label}' ${what}`)
export type HazardDetected = InstanceType<typeof HazardDetected>

/**
 * A call failed because the `faults` of the Dummy say so.
 *
 * What to do: nothing: a test asked for it.
 */
export const InjectedFault: ErrorClass<{
  code: 'InjectedFault'
  /** The backend call's name. */
  call: string
  /** The number of the call, from 1. */
  index: number
}> = defineError(
  'InjectedFault',
  ({ call, index }) => `Call ${index} (${call}) failed, as the faults of this DummyBackend ask.`,
)
export type InjectedFault = InstanceType<typeof InjectedFault>

const WRITTEN_IN_FLIGHT =
  'was written while a copy from it was in flight. Wait for the serial of the copy first.'

/**
 * A backend without a device: real bytes, queue order, work that may complete later, faults on
 * demand. As unkind as WebGPU: one buffer that has no memory, is destroyed or is mapped takes down
 * all work submitted with it, and shortage of memory is reported late.
 */
export class DummyBackend implements MkGpuBackend<DummyBuffer> {
  readonly capabilities: MkCapabilities
  readonly calls: MkCallCounts = noCalls()
  /** What goes wrong; may be changed at any time. */
  faults: DummyFaults
  /** Calls so far, as `faults` counts them. */
  callCount = 0
  scatterReady = false

  readonly #queue: DummyQueue
  readonly #answers: DummyAnswers
  readonly #memoryBytes: number
  #sink: BackendSink | undefined
  #lost = false
  #lossTold = false
  #signalled = 0
  readonly #operations = new Operations()
  #created = 0
  #maps = 0
  #bytesAlive = 0
  readonly #pendingMaps = new Set<DummyBuffer>()

  constructor(options: DummyOptions = {}) {
    const { maxBufferSize = 256 << 20, simulateDeviceLocal = true, transferDelayUs = 0 } = options
    this.faults = options.faults ?? {}
    this.#memoryBytes = options.memoryBytes ?? Infinity
    this.#queue = new DummyQueue(transferDelayUs / 1000)
    this.#answers = new DummyAnswers((options.answerDelayUs ?? 0) / 1000)
    const { DeviceLocal, HostVisible, HostCached, Unified } = MkMemoryType
    this.capabilities = {
      backend: 'dummy',
      adapter: 'memory of this process',
      runtime: 'JavaScript',
      maxBufferSize,
      maxStorageBufferBindingSize: Math.min(maxBufferSize, 128 << 20),
      maxStorageBuffersInVertexStage: 8,
      maxUniformBufferBindingSize: 64 << 10,
      uniformOffsetAlignment: 256,
      storageOffsetAlignment: 256,
      // WebGPU's defaults.
      maxVertexAttributes: 16,
      maxVertexBufferArrayStride: 2048,
      maxComputeWorkgroupsPerDimension: 65_535,
      maxComputeWorkgroupSizeX: 256,
      usages: ALL_USAGES,
      indexIsExclusive: false,
      memoryTypes: DeviceLocal | HostVisible | HostCached | (simulateDeviceLocal ? 0 : Unified),
      storage: true,
      indirect: true,
      scatter: true,
      map: !simulateDeviceLocal,
      unifiedMemory: !simulateDeviceLocal,
      ...options.capabilities,
    }
  }

  get scatterRoom(): number {
    return Math.max(0, (this.faults.scatterRoom ?? Infinity) - this.#operations.scatters)
  }

  attach(sink: BackendSink): void {
    if (this.#sink) throw new BackendInUse({ backend: 'dummy' })
    this.#sink = sink
  }

  createBuffer(descriptor: BackendBufferDescriptor): BackendAllocation<DummyBuffer> {
    const { size, label, mapped } = descriptor
    const alive = this.#call('createBuffer')
    const buffer = new DummyBuffer(descriptor)
    const index = ++this.#created
    this.calls.buffersCreated++
    const asked = this.faults.outOfMemoryAt?.includes(index) || this.#bytesAlive + size > this.#memoryBytes
    if (alive && (buffer.failed || asked)) {
      const detail = asked ? 'simulated' : 'more than this process can give'
      const error = new AllocationFailed({ label, requested: size, detail })
      // What is mapped needs its bytes now.
      if (this.faults.outOfMemory === 'throw' || (mapped && buffer.failed)) throw error
      buffer.failed = true
      if (mapped) buffer.mapped = new ArrayBuffer(size)
      return { native: buffer, error: this.#answers.ask(error) }
    }
    this.#bytesAlive += size
    if (mapped) this.#open(buffer)
    return { native: buffer, error: alive ? this.#answers.ask(undefined) : Promise.resolve(undefined) }
  }

  destroyBuffer(buffer: DummyBuffer): void {
    this.#call('destroyBuffer')
    if (!buffer.failed) this.#bytesAlive -= buffer.bytes.byteLength
    buffer.destroyed = true
    this.#close(buffer)
    this.#rejectMap(buffer, 'the buffer was destroyed')
  }

  write(dst: DummyBuffer, dstOffset: number, source: ArrayBufferLike, srcOffset: number, size: number): void {
    if (!this.#call('write')) return
    this.calls.writes++
    this.calls.bytesWritten += size
    if (dst.failed) return
    if (this.#queue.idle) return copyInto(dst, dstOffset, source, srcOffset, size)
    const snapshot = source.slice(srcOffset, srcOffset + size)
    this.#queue.push(() => dst.bytes.set(new Uint8Array(snapshot), dstOffset))
  }

  copy(src: DummyBuffer, srcOffset: number, dst: DummyBuffer, dstOffset: number, size: number): void {
    if (!this.#call('copy')) return
    this.calls.copies++
    this.#operations.add(src, srcOffset, dst, dstOffset).size = size
  }

  prepareScatter(): Promise<boolean> {
    if (this.faults.scatterRoom !== 0) this.scatterReady = this.capabilities.scatter
    return Promise.resolve(this.scatterReady)
  }

  scatter(dst: DummyBuffer, payload: DummyBuffer, rows: ScatterRows): void {
    if (!this.#call('scatter')) return
    this.calls.dispatches++
    const { payloadOffset, dstOffset = 0, stride, count, indexOffset } = rows
    if (this.#operations.scatters++ >= (this.faults.scatterRoom ?? Infinity)) return
    const op = this.#operations.add(payload, payloadOffset, dst, dstOffset)
    op.size = 0
    op.stride = stride
    op.count = count
    op.indexOffset = indexOffset
  }

  submit(): void {
    this.#operations.take(this.#call('submit') ? this.#submitPart : undefined)
  }

  separate(): void {
    this.#operations.separate()
  }

  signal(serial: number): void {
    const { neverComplete, completionDelayMs, doneBeforeLoss } = this.faults
    if (neverComplete) return
    this.#signalled = serial
    if (!this.#queue.idle || completionDelayMs !== undefined || doneBeforeLoss)
      this.#signalLater(serial, completionDelayMs)
    else if (!this.#lost) this.#sink?.completed(serial)
  }

  map(buffer: DummyBuffer): Promise<void> {
    const alive = this.#call('map')
    const index = ++this.#maps
    return new Promise((resolve, reject) => {
      if (!alive) return reject(new Error('the device is lost'))
      if (buffer.failed) return reject(new Error('it has no memory'))
      if (this.faults.failMapsAt?.includes(index)) return reject(new InjectedFault({ call: 'map', index }))
      const pending = { reject }
      const answer = (): void => {
        if (buffer.pendingMap !== pending) return
        buffer.pendingMap = undefined
        this.#pendingMaps.delete(buffer)
        this.#open(buffer)
        resolve()
      }
      buffer.pendingMap = pending
      this.#pendingMaps.add(buffer)
      if (buffer.memory === MkMemoryType.Unified) answer()
      else this.#queue.push(answer)
    })
  }

  mappedRange(buffer: DummyBuffer): ArrayBuffer {
    // A lost device has no bytes, and must not throw for that.
    buffer.mapped ??= new ArrayBuffer(buffer.bytes.byteLength)
    return buffer.mapped
  }

  flush(buffer: DummyBuffer, offset: number, size: number): void {
    if (!this.#call('flush') || !buffer.mapped || buffer.memory !== MkMemoryType.HostVisible) return
    buffer.bytes.set(new Uint8Array(buffer.mapped, offset, size), offset)
  }

  unmap(buffer: DummyBuffer): void {
    const alive = this.#call('unmap')
    this.#rejectMap(buffer, 'it was unmapped before the map was there')
    if (alive && buffer.mapped && buffer.memory === MkMemoryType.HostVisible)
      buffer.bytes.set(new Uint8Array(buffer.mapped))
    this.#close(buffer)
  }

  destroy(): void {
    this.#lost = this.#lossTold = true
    this.#queue.clear()
    this.#answers.answer()
  }

  /** Loses the device, now. `lost` follows in a microtask, as a real device is slow to say so. */
  lose(message: string = 'lost on request', reason: LossInfo['reason'] = 'unknown'): void {
    if (this.#lost) return
    this.#lost = true
    if (this.faults.doneBeforeLoss) this.#report(this.#signalled)
    this.#queue.clear()
    this.#operations.take()
    // The loss is known before what it rejects, as on WebGPU.
    queueMicrotask(() => {
      this.#lossTold = true
      this.#sink?.lost({ reason, message })
      this.#answers.answer()
    })
    for (const buffer of this.#pendingMaps) this.#rejectMap(buffer, 'the device is lost')
  }

  /** Work handed over and not done; needs a `transferDelayUs`. */
  get inFlight(): number {
    return this.#queue.length
  }

  /** Answers now, for all buffers made so far, whether there is memory for them. */
  answer(): void {
    this.#answers.answer()
  }

  /** Does all work that was handed over, now. */
  finish(): void {
    this.#queue.finish()
  }

  /** Counts a call and fails it if `faults` say so. False: the device is lost, do nothing. */
  #call(name: string): boolean {
    const index = ++this.callCount
    if (this.#lost) return false
    if (this.faults.loseAtCall === index) {
      this.lose(`lost at call ${index} (${name})`)
      return false
    }
    if (this.faults.failCalls?.includes(index)) throw new InjectedFault({ call: name, index })
    return true
  }

  readonly #submitPart = (records: readonly Operation[], first: number, end: number): void => {
    this.calls.submits++
    // As on WebGPU, one buffer that may not be used takes down all that was recorded with it.
    let refused = false
    for (let i = first; i < end; i++) {
      if (this.#forbidden(records[i].src)) refused = true
      if (this.#forbidden(records[i].dst)) refused = true
    }
    if (refused) return
    for (let i = first; i < end; i++) {
      if (this.#queue.idle) records[i].run()
      else this.#later(Object.assign(new Operation(), records[i]))
    }
  }

  /** What a device refuses at submit: buffers that are mapped or destroyed, or have no memory. */
  #forbidden(buffer: DummyBuffer): boolean {
    if (buffer.destroyed) this.#hazard(buffer, 'was destroyed before the work that uses it was submitted.')
    else if ((buffer.mapped || buffer.pendingMap) && buffer.memory !== MkMemoryType.Unified)
      this.#hazard(buffer, 'is mapped while work that uses it is submitted. Unmap it first.')
    else return buffer.failed
    return true
  }

  /** Queues work, watching a source that the CPU can still write to. */
  #later(op: Operation): void {
    const { src, srcOffset, size } = op
    if (!src.mapped || src.memory !== MkMemoryType.Unified || size === 0)
      return this.#queue.push(() => op.run())
    const before = src.bytes.slice(srcOffset, srcOffset + size)
    this.#queue.push(() => {
      const changed = before.some((byte, i) => byte !== src.bytes[srcOffset + i])
      if (changed) this.#hazard(src, WRITTEN_IN_FLIGHT)
      op.run()
    })
  }

  /** Apart from `signal`, whose quick way out must make no closure. */
  #signalLater(serial: number, delay: number | undefined): void {
    const report = (): void => this.#report(serial)
    this.#queue.afterwards(delay === undefined ? report : (): void => void setTimeout(report, delay))
  }

  #report(serial: number): void {
    const report = (): void => this.#sink?.completed(serial)
    // The news of a loss has a turn to overtake, as in the WebGPU backend.
    if (this.faults.doneBeforeLoss) void nextTurn().then(() => this.#lossTold || report())
    else if (!this.#lost) report()
  }

  #hazard(buffer: DummyBuffer, what: string): void {
    this.#sink?.error(new HazardDetected({ label: buffer.label, what }))
  }

  #open(buffer: DummyBuffer): void {
    buffer.mapped = buffer.memory === MkMemoryType.Unified ? buffer.bytes.buffer : buffer.bytes.slice().buffer
  }

  /** Ends a mapping: its views are detached, as on WebGPU. */
  #close(buffer: DummyBuffer): void {
    const { mapped } = buffer
    buffer.mapped = undefined
    if (mapped && buffer.memory !== MkMemoryType.Unified) detach(mapped)
  }

  #rejectMap(buffer: DummyBuffer, why: string): void {
    this.#pendingMaps.delete(buffer)
    buffer.pendingMap?.reject(new Error(why))
    buffer.pendingMap = undefined
  }
}
