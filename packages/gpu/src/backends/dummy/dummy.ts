import { noCalls } from '../backend.ts'
import type {
  BackendAllocation,
  BackendBufferDescriptor,
  BackendSink,
  LossInfo,
  MkCallCounts,
  MkCapabilities,
  MkGpuBackend,
  ScatterRows,
} from '../backend.ts'
import { AllocationFailed, BackendInUse, HazardDetected, InjectedFault } from '../errors.ts'
import { ALL_USAGES, MkMemoryType } from '../usage.ts'
import { detach } from './detach.ts'
import { DummyAnswers } from './dummy-answers.ts'
import { DummyBuffer, copyInto, scatterInto } from './dummy-buffer.ts'
import { DummyQueue } from './dummy-queue.ts'
import { nextTurn } from './next-turn.ts'

export { DummyBuffer } from './dummy-buffer.ts'

/**
 * What is to go wrong. Calls are counted from 1 (`backend.callCount`), every call of the contract except `attach`, `signal`,
 * `mappedRange`, `prepareScatter` and `destroy`. May be changed at any time through `backend.faults`.
 */
export interface DummyFaults {
  /** These calls throw InjectedFault and do nothing. */
  failCalls?: readonly number[]
  /** The device is lost at this call: it and all later ones do nothing, `lost` follows in a microtask. */
  loseAtCall?: number
  /** These buffers, counted from 1 in the order of creation, get no memory. */
  outOfMemoryAt?: readonly number[]
  /** `'late'` (default): `settled` says so, as on WebGPU. `'throw'`: createBuffer throws AllocationFailed. */
  outOfMemory?: 'late' | 'throw'
  /** These maps, counted from 1, are rejected. */
  failMapsAt?: readonly number[]
  /** Work is done, but nobody hears of it: a hung device. */
  neverComplete?: boolean
  /** Completion is reported this much later. */
  completionDelayMs?: number
  /** When the device is lost it says first that all work is done, as Firefox does, and then that it is lost. */
  doneBeforeLoss?: boolean
  /** Scatters of one submit that there is memory for; 0: `prepareScatter` resolves false. Default: any number. */
  scatterRoom?: number
}

/** What the Dummy pretends to be. */
export interface DummyOptions {
  /** Largest buffer, bytes; default 256 MiB, WebGPU's default limit. */
  maxBufferSize?: number
  /** All buffers together, bytes; above it creation is out of memory. Default: no limit. */
  memoryBytes?: number
  /**
   * True (default): device memory is apart from the CPU's, as WebGPU has it. False: a device that shares the CPU's memory; Unified
   * buffers exist, and show what the device has written so far while they are mapped.
   */
  simulateDeviceLocal?: boolean
  /**
   * Microseconds between handing work over and its being done; default 0: done before the call returns. Infinity: done when
   * `finish()` is called.
   */
  transferDelayUs?: number
  /**
   * Microseconds between making a buffer and the answer whether there is memory for it; default 0: in a later task. Infinity: when
   * `answer()` is called. What is answered at once is answered newest first.
   */
  answerDelayUs?: number
  faults?: DummyFaults
  /** Pretend other capabilities: `{ scatter: false }`, no INDIRECT, … */
  capabilities?: Partial<MkCapabilities>
}

/** Recorded, not submitted. Reused from submit to submit. */
interface Recorded {
  src: DummyBuffer
  srcOffset: number
  dst: DummyBuffer
  dstOffset: number
  size: number
  /** 0: a copy. */
  stride: number
  count: number
  indexOffset: number
  /** Number of its part: what a part holds is refused together. */
  part: number
}

/**
 * A backend without a device: real bytes, queue order, work that may complete later, faults on demand. As unkind as WebGPU: one buffer that
 * has no memory, is destroyed or is mapped takes all work down that was submitted with it, and whether there is memory is said late. Imports
 * nothing of the others, so it is also `@memkit/gpu/dummy`.
 */
export class DummyBackend implements MkGpuBackend<DummyBuffer> {
  readonly capabilities: MkCapabilities
  readonly calls: MkCallCounts = noCalls()
  /** What is to go wrong; change it while it runs. */
  faults: DummyFaults
  /** Calls so far, as `faults` counts them. */
  callCount = 0

  readonly #queue: DummyQueue
  readonly #answers: DummyAnswers
  readonly #memoryBytes: number
  #sink: BackendSink | undefined
  #lost = false
  #lossTold = false
  /** Serial of the last signal. */
  #signalled = 0
  #scatterReady = false
  readonly #recorded: Recorded[] = []
  #recordedCount = 0
  /** Number of the part that is being recorded. */
  #part = 0
  /** Scatters in what is recorded. */
  #scatters = 0
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

  get scatterReady(): boolean {
    return this.#scatterReady
  }

  get scatterRoom(): number {
    return Math.max(0, (this.faults.scatterRoom ?? Infinity) - this.#scatters)
  }

  attach(sink: BackendSink): void {
    if (this.#sink) throw new BackendInUse('dummy')
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
      const error = new AllocationFailed(label, size, asked ? 'simulated' : 'more than this process can give')
      // What is mapped needs its bytes now.
      if (this.faults.outOfMemory === 'throw' || (mapped && buffer.failed)) throw error
      buffer.failed = true
      if (mapped) buffer.mapped = new ArrayBuffer(size)
      return { native: buffer, settled: this.#answers.ask(error) }
    }
    this.#bytesAlive += size
    if (mapped) this.#open(buffer)
    return { native: buffer, settled: alive ? this.#answers.ask(undefined) : Promise.resolve(undefined) }
  }

  destroyBuffer(buffer: DummyBuffer): void {
    this.#call('destroyBuffer')
    if (!buffer.failed) this.#bytesAlive -= buffer.bytes.byteLength
    buffer.destroyed = true
    this.#close(buffer)
    this.#rejectMap(buffer, new Error('the buffer was destroyed'))
  }

  write(
    dst: DummyBuffer,
    dstOffset: number,
    source: ArrayBuffer | SharedArrayBuffer,
    srcOffset: number,
    size: number,
  ): void {
    if (!this.#call('write')) return
    this.calls.writes++
    this.calls.bytesWritten += size
    if (dst.failed) return
    if (this.#queue.idle) {
      copyInto(dst, dstOffset, source, srcOffset, size)
      return
    }
    const snapshot = source.slice(srcOffset, srcOffset + size)
    this.#queue.push(() => dst.bytes.set(new Uint8Array(snapshot), dstOffset))
  }

  copy(src: DummyBuffer, srcOffset: number, dst: DummyBuffer, dstOffset: number, size: number): void {
    if (!this.#call('copy')) return
    this.calls.copies++
    this.#record(src, srcOffset, dst, dstOffset, size, 0, 0, 0)
  }

  prepareScatter(): Promise<boolean> {
    if (this.faults.scatterRoom !== 0) this.#scatterReady = this.capabilities.scatter
    return Promise.resolve(this.#scatterReady)
  }

  scatter(dst: DummyBuffer, payload: DummyBuffer, rows: ScatterRows): void {
    if (!this.#call('scatter')) return
    this.calls.dispatches++
    const { payloadOffset, dstOffset = 0, stride, count, indexOffset } = rows
    const nowhere = this.scatterRoom === 0
    this.#scatters++
    if (nowhere) return
    this.#record(payload, payloadOffset, dst, dstOffset, 0, stride, count, indexOffset)
  }

  submit(): void {
    const alive = this.#call('submit')
    const count = this.#recordedCount
    this.#recordedCount = 0
    this.#scatters = 0
    if (!alive) return
    for (let first = 0, end = 0; first < count; first = end) {
      end = this.#endOfPart(first, count)
      this.calls.submits++
      if (this.#refused(first, end)) continue
      for (let i = first; i < end; i++) {
        const op = this.#recorded[i]
        if (this.#queue.idle) run(op)
        else this.#later({ ...op })
      }
    }
  }

  separate(): void {
    this.#part++
  }

  signal(serial: number): void {
    const { neverComplete, completionDelayMs } = this.faults
    if (neverComplete) return
    this.#signalled = serial
    if (completionDelayMs === undefined && this.#queue.idle) this.#report(serial)
    else this.#signalLater(serial, completionDelayMs)
  }

  map(buffer: DummyBuffer): Promise<void> {
    const alive = this.#call('map')
    const index = ++this.#maps
    return new Promise((resolve, reject) => {
      if (!alive) return reject(new Error('the device is lost'))
      if (buffer.failed) return reject(new Error('it has no memory'))
      if (this.faults.failMapsAt?.includes(index)) return reject(new InjectedFault('map', index))
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
    // A lost device has nothing to show, and must not throw for that.
    buffer.mapped ??= new ArrayBuffer(buffer.bytes.byteLength)
    return buffer.mapped
  }

  flush(buffer: DummyBuffer, offset: number, size: number): void {
    if (!this.#call('flush') || !buffer.mapped || buffer.memory !== MkMemoryType.HostVisible) return
    buffer.bytes.set(new Uint8Array(buffer.mapped, offset, size), offset)
  }

  unmap(buffer: DummyBuffer): void {
    const alive = this.#call('unmap')
    this.#rejectMap(buffer, new Error('it was unmapped before the map was there'))
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
    this.#recordedCount = 0
    this.#scatters = 0
    // The loss is known before what it rejects, as on WebGPU.
    queueMicrotask(() => {
      this.#lossTold = true
      this.#sink?.lost({ reason, message })
      this.#answers.answer()
    })
    for (const buffer of this.#pendingMaps) this.#rejectMap(buffer, new Error('the device is lost'))
  }

  /** Work handed over and not done; needs a `transferDelayUs`. */
  get inFlight(): number {
    return this.#queue.length
  }

  /** Says now, of all buffers made so far, whether there is memory for them. */
  answer(): void {
    this.#answers.answer()
  }

  /** Does all work that was handed over, now. */
  finish(): void {
    this.#queue.finish()
  }

  /** Counts a call and lets it fail if it is to. False: the device is lost, do nothing. */
  #call(name: string): boolean {
    const index = ++this.callCount
    if (this.#lost) return false
    if (this.faults.loseAtCall === index) {
      this.lose(`lost at call ${index} (${name})`)
      return false
    }
    if (this.faults.failCalls?.includes(index)) throw new InjectedFault(name, index)
    return true
  }

  #record(
    src: DummyBuffer,
    srcOffset: number,
    dst: DummyBuffer,
    dstOffset: number,
    size: number,
    stride: number,
    count: number,
    indexOffset: number,
  ): void {
    const part = this.#part
    const op = this.#recorded[this.#recordedCount++]
    if (op === undefined) {
      this.#recorded.push({ src, srcOffset, dst, dstOffset, size, stride, count, indexOffset, part })
      return
    }
    op.src = src
    op.srcOffset = srcOffset
    op.dst = dst
    op.dstOffset = dstOffset
    op.size = size
    op.stride = stride
    op.count = count
    op.indexOffset = indexOffset
    op.part = part
  }

  /** One behind the last operation of the part that begins with the operation `first`. */
  #endOfPart(first: number, count: number): number {
    const { part } = this.#recorded[first]
    let end = first + 1
    while (end < count && this.#recorded[end].part === part) end++
    return end
  }

  /** As on WebGPU, one buffer that may not be used takes down all that was recorded with it. */
  #refused(first: number, end: number): boolean {
    let refused = false
    for (let i = first; i < end; i++) {
      const { src, dst } = this.#recorded[i]
      if (this.#forbidden(src)) refused = true
      if (this.#forbidden(dst)) refused = true
    }
    return refused
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
  #later(op: Recorded): void {
    const { src, srcOffset, size } = op
    if (!src.mapped || src.memory !== MkMemoryType.Unified || size === 0) {
      this.#queue.push(() => run(op))
      return
    }
    const before = src.bytes.slice(srcOffset, srcOffset + size)
    this.#queue.push(() => {
      if (before.some((byte, i) => byte !== src.bytes[srcOffset + i]))
        this.#hazard(
          src,
          'was written while a copy from it was in flight. Wait for the serial of the copy first.',
        )
      run(op)
    })
  }

  /** Apart from `signal`, whose quick way out must make no closure. */
  #signalLater(serial: number, delay: number | undefined): void {
    const report = (): void => this.#report(serial)
    this.#queue.push(delay === undefined ? report : (): void => void setTimeout(report, delay))
  }

  #report(serial: number): void {
    if (this.faults.doneBeforeLoss) void this.#reportUnlessLost(serial)
    else if (!this.#lost) this.#sink?.completed(serial)
  }

  /** The news of a loss has a turn to overtake, as in the WebGPU backend. */
  async #reportUnlessLost(serial: number): Promise<void> {
    await nextTurn()
    if (!this.#lossTold) this.#sink?.completed(serial)
  }

  #hazard(buffer: DummyBuffer, what: string): void {
    this.#sink?.error(new HazardDetected(buffer.label, what))
  }

  #open(buffer: DummyBuffer): void {
    buffer.mapped = buffer.memory === MkMemoryType.Unified ? buffer.bytes.buffer : buffer.bytes.slice().buffer
  }

  /** Ends a mapping: views that somebody kept are dead from here on, as on WebGPU. */
  #close(buffer: DummyBuffer): void {
    const { mapped } = buffer
    buffer.mapped = undefined
    if (mapped && buffer.memory !== MkMemoryType.Unified) detach(mapped)
  }

  #rejectMap(buffer: DummyBuffer, error: Error): void {
    this.#pendingMaps.delete(buffer)
    buffer.pendingMap?.reject(error)
    buffer.pendingMap = undefined
  }
}

function run(op: Recorded): void {
  const { src, srcOffset, dst, dstOffset } = op
  if (op.stride === 0) copyInto(dst, dstOffset, src.bytes.buffer, srcOffset, op.size)
  else scatterInto(dst, dstOffset, src, srcOffset, op.indexOffset, op.stride, op.count)
}
