import { messageOf } from '@memkit/core'
import { noCalls, type MkCallCounts, type MkCapabilities } from '../capabilities.ts'
import type {
  BackendAllocation,
  BackendAttachOptions,
  BackendBufferDescriptor,
  BackendSink,
  MkGpuBackend,
} from '../backend.ts'
import { AllocationFailed, BackendInUse, ValidationFailed } from '../errors.ts'
import { MkBufferUsage, MkMemoryType } from '../usage.ts'
import { BounceMemory, isPlain } from '../plain-memory.ts'
import { webGl2Capabilities } from './capabilities.ts'
import { glErrors } from './gl-errors.ts'
import { detach } from '../detach.ts'
import { WebGl2Fences } from './fences.ts'

/** Smaller buffers are taken on trust: asking whether the memory is there waits for the browser. */
const CHECKED_BYTES = 1 << 20

const { INDEX } = MkBufferUsage
const { DeviceLocal, HostVisible } = MkMemoryType

/** How a WebGL2 backend treats its context. */
export interface WebGl2BackendOptions {
  /** True: the context is ours, and lost with the MkGpu, so that the browser frees it. Default false. */
  owned?: boolean
  /** Largest buffer, bytes; default 1 GiB. WebGL2 has no such limit to ask for. */
  maxBufferSize?: number
  /** Name of the device where the context does not tell. */
  adapter?: string
}

interface GlBuffer {
  readonly label: string
  readonly size: number
  readonly host: boolean
  /** An INDEX buffer. A readback buffer becomes what is first copied into it. */
  element: boolean
  /** The context has memory for it. Never for HostVisible, at the first copy for HostCached. */
  stored: boolean
  /** The CPU's bytes: of HostVisible memory always, of HostCached while mapped. */
  bytes: Uint8Array<ArrayBuffer> | undefined
  /** Of the map() that has not been answered. */
  rejectMap?: ((error: Error) => void) | undefined
}

/** Reused from submit to submit. */
interface RecordedCopy {
  src: WebGLBuffer
  srcOffset: number
  dst: WebGLBuffer
  dstOffset: number
  size: number
}

/**
 * Any `WebGL2RenderingContext`: one's own, or that of an engine which draws with it.
 *
 * **The owner's state.** Between our calls the context is as its owner left it, but for
 * COPY_READ_BUFFER and COPY_WRITE_BUFFER, which are left unbound.
 *
 * **Memory.** WebGL cannot map. HostVisible buffers are CPU memory: a copy from them becomes a
 * `bufferSubData` at submit. HostCached buffers are read with `getBufferSubData` once a fence says that
 * this does not wait.
 *
 * **Loss.** A lost context is a lost device. When the owner has it restored, make a new backend.
 */
export class WebGl2Backend implements MkGpuBackend<WebGLBuffer> {
  readonly gl: WebGL2RenderingContext
  readonly capabilities: MkCapabilities
  readonly calls: MkCallCounts = noCalls()
  /** There is no scatter. */
  readonly scatterReady = false

  readonly #owned: boolean
  /** On screen or off. Contexts made outside of browsers may have none. */
  readonly #canvas: EventTarget | undefined
  readonly #fences: WebGl2Fences
  readonly #buffers = new Map<WebGLBuffer, GlBuffer>()
  readonly #recorded: RecordedCopy[] = []
  #recordedCount = 0
  #sink: BackendSink | undefined
  #debug = false
  #lost = false
  #signalled = 0
  /** Where INDEX buffers get their type, apart from the owner's vertex arrays. */
  #vertexArray: WebGLVertexArrayObject | null = null
  /** One per source, so that steady writes make none. */
  readonly #views = new WeakMap<ArrayBuffer, Uint8Array<ArrayBuffer>>()
  readonly #bounce = new BounceMemory()

  constructor(gl: WebGL2RenderingContext, options: WebGl2BackendOptions = {}) {
    this.gl = gl
    this.#canvas = gl.canvas
    this.#owned = options.owned === true
    this.#fences = new WebGl2Fences(gl)
    this.capabilities = webGl2Capabilities(gl, options)
  }

  attach(sink: BackendSink, { debug }: BackendAttachOptions): void {
    if (this.#sink) throw new BackendInUse({ backend: 'webgl2' })
    this.#sink = sink
    this.#debug = debug
    this.#canvas?.addEventListener('webglcontextlost', this.#contextLost)
    if (this.gl.isContextLost()) this.#lose('the context was lost before it was used')
  }

  createBuffer({ size, usage, memory, label }: BackendBufferDescriptor): BackendAllocation<WebGLBuffer> {
    const { gl } = this
    const host = memory === HostVisible
    const bytes = host ? cpuBytes(label, size) : undefined
    // Older implementations give null on a lost context.
    const native = (gl.createBuffer() as WebGLBuffer | null) ?? {}
    const element = (usage & INDEX) !== 0
    const buffer: GlBuffer = { label, size, host, element, stored: false, bytes }
    this.#buffers.set(native, buffer)
    this.calls.buffersCreated++
    if (memory !== DeviceLocal || this.#gone) return { native, error: Promise.resolve(undefined) }
    this.#store(native, buffer, gl.DYNAMIC_DRAW)
    if (size < CHECKED_BYTES && !this.#debug) return { native, error: Promise.resolve(undefined) }
    const error = new Promise<AllocationFailed | undefined>((resolve) =>
      this.#fences.after((alive) => resolve(alive ? this.#missing(native, buffer) : undefined)),
    )
    return { native, error }
  }

  destroyBuffer(native: WebGLBuffer): void {
    const buffer = this.#of(native)
    this.#buffers.delete(native)
    this.#rejectMap(buffer, 'the buffer was destroyed')
    if (buffer.bytes) detach(buffer.bytes.buffer)
    if (!this.#gone) this.gl.deleteBuffer(native)
  }

  write(dst: WebGLBuffer, dstOffset: number, source: ArrayBufferLike, srcOffset: number, size: number): void {
    if (this.#gone) return
    const buffer = this.#of(dst)
    this.#before()
    if (!buffer.stored) this.#storeReadback(dst, buffer)
    this.#upload(dst, dstOffset, source, srcOffset, size)
    this.calls.writes++
    this.calls.bytesWritten += size
    this.#after('write', buffer.label)
  }

  copy(src: WebGLBuffer, srcOffset: number, dst: WebGLBuffer, dstOffset: number, size: number): void {
    this.calls.copies++
    const copy = (this.#recorded[this.#recordedCount++] ??= { src, srcOffset, dst, dstOffset, size })
    copy.src = src
    copy.srcOffset = srcOffset
    copy.dst = dst
    copy.dstOffset = dstOffset
    copy.size = size
  }

  prepareScatter(): Promise<boolean> {
    return Promise.resolve(false)
  }

  /** Never called: `scatterReady` is false. */
  scatter(): void {}

  submit(): void {
    const count = this.#recordedCount
    this.#recordedCount = 0
    if (this.#gone) return
    this.calls.submits++
    for (let i = 0; i < count; i++) this.#run(this.#recorded[i])
  }

  signal(serial: number): void {
    if (this.#gone) return
    this.#signalled = serial
    this.#fences.after(this.#reached)
  }

  map(native: WebGLBuffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const buffer = this.#of(native)
      buffer.rejectMap = reject
      const open = (alive: boolean): void => {
        // Unmapped or destroyed meanwhile, or lost: then `#lose` rejects, after it has told.
        if (!alive || buffer.rejectMap !== reject || this.#gone) return
        buffer.rejectMap = undefined
        try {
          if (!buffer.host) this.#download(native, buffer)
          resolve()
        } catch (error) {
          reject(error)
        }
      }
      if (this.#lost) this.#rejectMap(buffer, 'the context is lost')
      else if (buffer.host) open(true)
      else if (!this.#gone) this.#fences.after(open)
    })
  }

  mappedRange(native: WebGLBuffer): ArrayBuffer {
    const buffer = this.#of(native)
    // A lost context has no bytes, and must not throw for that.
    buffer.bytes ??= new Uint8Array(buffer.size)
    return buffer.bytes.buffer
  }

  /** Nothing to do: the bytes are the CPU's until a copy takes them. */
  flush(): void {}

  unmap(native: WebGLBuffer): void {
    const buffer = this.#of(native)
    this.#rejectMap(buffer, 'it was unmapped before the map was there')
    if (!buffer.bytes) return
    const bytes = new Uint8Array(detach(buffer.bytes.buffer))
    buffer.bytes = buffer.host ? bytes : undefined
  }

  destroy(): void {
    this.#canvas?.removeEventListener('webglcontextlost', this.#contextLost)
    this.#fences.clear()
    this.#recordedCount = 0
    this.#recorded.length = 0
    if (!this.#gone) this.gl.deleteVertexArray(this.#vertexArray)
    this.#lost = true
    if (this.#owned) this.gl.getExtension('WEBGL_lose_context')?.loseContext()
  }

  /** True once nothing may be called any more. The context knows it before its event comes. */
  get #gone(): boolean {
    return this.#lost || this.gl.isContextLost()
  }

  #of(native: WebGLBuffer): GlBuffer {
    return this.#buffers.get(native)!
  }

  /**
   * Gives a readback buffer its memory. With a READ hint Chromium brings the bytes over when a fence
   * is made, so that reading does not wait; but it refuses that hint for element arrays.
   */
  #storeReadback(native: WebGLBuffer, buffer: GlBuffer): void {
    this.#store(native, buffer, buffer.element ? this.gl.STREAM_COPY : this.gl.STREAM_READ)
  }

  /** Gives a buffer its type, by binding it once where that is decided, and its memory, of zeros. */
  #store(native: WebGLBuffer, buffer: GlBuffer, hint: number): void {
    const { gl } = this
    this.#before()
    if (buffer.element) {
      const bound: unknown = gl.getParameter(gl.VERTEX_ARRAY_BINDING)
      this.#vertexArray ??= gl.createVertexArray()
      gl.bindVertexArray(this.#vertexArray)
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, native)
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, null)
      gl.bindVertexArray(bound as WebGLVertexArrayObject | null)
    } else {
      const bound: unknown = gl.getParameter(gl.ARRAY_BUFFER_BINDING)
      gl.bindBuffer(gl.ARRAY_BUFFER, native)
      gl.bindBuffer(gl.ARRAY_BUFFER, bound as WebGLBuffer | null)
    }
    gl.bindBuffer(gl.COPY_WRITE_BUFFER, native)
    gl.bufferData(gl.COPY_WRITE_BUFFER, buffer.size, hint)
    gl.bindBuffer(gl.COPY_WRITE_BUFFER, null)
    buffer.stored = true
    this.#after('createBuffer', buffer.label)
  }

  /** The error for memory that is not there. Waits for the browser. */
  #missing(native: WebGLBuffer, buffer: GlBuffer): AllocationFailed | undefined {
    const { gl } = this
    if (this.#gone || !this.#buffers.has(native)) return undefined
    gl.bindBuffer(gl.COPY_READ_BUFFER, native)
    const bytes: unknown = gl.getBufferParameter(gl.COPY_READ_BUFFER, gl.BUFFER_SIZE)
    gl.bindBuffer(gl.COPY_READ_BUFFER, null)
    if (bytes === buffer.size) return undefined
    return new AllocationFailed({ label: buffer.label, requested: buffer.size })
  }

  #upload(dst: WebGLBuffer, to: number, source: ArrayBufferLike, from: number, size: number): void {
    const { gl } = this
    gl.bindBuffer(gl.COPY_WRITE_BUFFER, dst)
    if (isPlain(source)) {
      let view = this.#views.get(source)
      if (view === undefined) this.#views.set(source, (view = new Uint8Array(source)))
      gl.bufferSubData(gl.COPY_WRITE_BUFFER, to, view, from, size)
    } else {
      this.#bounce.each(source, from, size, (memory, done, bytes) =>
        gl.bufferSubData(gl.COPY_WRITE_BUFFER, to + done, memory, 0, bytes),
      )
    }
    gl.bindBuffer(gl.COPY_WRITE_BUFFER, null)
  }

  #run({ src, srcOffset, dst, dstOffset, size }: RecordedCopy): void {
    const { gl } = this
    const from = this.#of(src)
    const to = this.#of(dst)
    this.#before()
    if (!to.stored) {
      to.element = from.element
      this.#storeReadback(dst, to)
    }
    if (from.host) this.#upload(dst, dstOffset, from.bytes!.buffer, srcOffset, size)
    else {
      gl.bindBuffer(gl.COPY_READ_BUFFER, src)
      gl.bindBuffer(gl.COPY_WRITE_BUFFER, dst)
      gl.copyBufferSubData(gl.COPY_READ_BUFFER, gl.COPY_WRITE_BUFFER, srcOffset, dstOffset, size)
      gl.bindBuffer(gl.COPY_WRITE_BUFFER, null)
      gl.bindBuffer(gl.COPY_READ_BUFFER, null)
    }
    this.#after('copy', `${from.label}', '${to.label}`)
  }

  /** Reads a buffer whose fence was reached. @throws {@link AllocationFailed} of either memory */
  #download(native: WebGLBuffer, buffer: GlBuffer): void {
    const { gl } = this
    const missing = buffer.stored && buffer.size >= CHECKED_BYTES ? this.#missing(native, buffer) : undefined
    if (missing) throw missing
    const bytes = (buffer.bytes = cpuBytes(buffer.label, buffer.size))
    if (!buffer.stored) return
    this.#before()
    gl.bindBuffer(gl.COPY_READ_BUFFER, native)
    gl.getBufferSubData(gl.COPY_READ_BUFFER, 0, bytes)
    gl.bindBuffer(gl.COPY_READ_BUFFER, null)
    this.#after('map', buffer.label)
  }

  #rejectMap(buffer: GlBuffer, why: string): void {
    buffer.rejectMap?.(new Error(why))
    buffer.rejectMap = undefined
  }

  readonly #reached = (alive: boolean): void => {
    if (alive && !this.#gone) this.#sink?.completed(this.#signalled)
  }

  readonly #contextLost = (event: Event): void => {
    this.#lose((event as WebGLContextEvent).statusMessage ?? '')
  }

  #lose(message: string): void {
    if (this.#lost) return
    this.#lost = true
    this.#recordedCount = 0
    this.#sink?.lost({ reason: 'unknown', message: message === '' ? 'the WebGL context was lost' : message })
    for (const buffer of this.#buffers.values()) this.#rejectMap(buffer, 'the context is lost')
    this.#fences.clear()
  }

  // In debug mode each call is followed by getError, which waits for the browser. WebGL keeps errors
  // until they are read, so those found before a call of ours are the owner's.

  #before(): void {
    if (!this.#debug) return
    for (const name of glErrors(this.gl))
      this.#sink?.uncaptured(new ValidationFailed({ operation: '', label: '', detail: name }))
  }

  #after(operation: string, label: string): void {
    if (!this.#debug) return
    for (const name of glErrors(this.gl))
      // That there is no memory for a buffer is for its `allocationError` to say.
      if (name !== 'OUT_OF_MEMORY' || operation !== 'createBuffer')
        this.#sink?.error(new ValidationFailed({ operation, label, detail: name }))
  }
}

/** @throws {@link AllocationFailed} when the CPU has no memory for it */
function cpuBytes(label: string, size: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size)
  } catch (cause) {
    throw new AllocationFailed({ label, requested: size, detail: messageOf(cause) })
  }
}
