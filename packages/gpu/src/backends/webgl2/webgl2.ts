import { noCalls } from '../backend.ts'
import type {
  BackendAllocation,
  BackendAttachOptions,
  BackendBufferDescriptor,
  BackendSink,
  MkCallCounts,
  MkCapabilities,
  MkGpuBackend,
} from '../backend.ts'
import { AllocationFailed, BackendInUse, ValidationFailed } from '../errors.ts'
import { MkBufferUsage, MkMemoryType } from '../usage.ts'
import { detach } from './detach.ts'
import { WebGl2Fences } from './webgl2-fences.ts'

/** Bytes of a buffer from which on we ask whether its memory is there. Asking waits for the browser, so small ones are taken on trust. */
const CHECKED_BYTES = 1 << 20

/** Bytes brought over at a time from memory that `bufferSubData` does not take. */
const BOUNCE_BYTES = 1 << 20

/** WebGL2 names no limit. Every implementation can count to this, and few have as much in one piece. */
const MAX_BUFFER_SIZE = 1 << 30

const { VERTEX, INDEX, UNIFORM, TRANSFER_SRC, TRANSFER_DST } = MkBufferUsage
const { DeviceLocal, HostVisible, HostCached } = MkMemoryType

/** How a WebGL2 backend treats its context. */
export interface WebGl2BackendOptions {
  /** True: the context is ours, and lost on purpose with the MkGpu, so that the browser frees it. Default false: borrowed. */
  owned?: boolean
  /** Largest buffer, bytes; default 1 GiB. WebGL2 has no such limit to ask for. */
  maxBufferSize?: number
  /** Name of the device where the context does not tell. */
  adapter?: string
}

/** What we know of a buffer. */
interface GlBuffer {
  readonly label: string
  /** Bytes. */
  readonly size: number
  readonly host: boolean
  /** INDEX buffers: WebGL copies between them and all others never. A readback buffer becomes what is first copied into it. */
  element: boolean
  /** The context has memory for it. Never for HostVisible, at the first copy for HostCached. */
  stored: boolean
  /** The CPU's bytes: of HostVisible memory always, of HostCached while mapped. */
  bytes: Uint8Array<ArrayBuffer> | undefined
  /** The map() that has not been answered. */
  rejectMap: ((error: Error) => void) | undefined
}

/** Recorded, not submitted. Reused from submit to submit. */
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
 * **The owner's state.** Between our calls the context is as its owner left it, but for COPY_READ_BUFFER and COPY_WRITE_BUFFER, through
 * which everything goes and which are left unbound. Creating a buffer gives it its WebGL type (element array or other data) by
 * binding it once where that is decided; what was bound there is bound again.
 *
 * **Memory.** WebGL cannot map. HostVisible buffers are CPU memory: a copy from them becomes a `bufferSubData` at submit.
 * HostCached buffers are read with `getBufferSubData` once a fence says that this does not wait. `native` of a staging
 * buffer is a name without memory of its own.
 *
 * **INDEX.** WebGL copies between an INDEX buffer and any other never. Where it is asked for all the same, the bytes go through the CPU,
 * which waits for the device.
 *
 * **Completion** comes from `fenceSync`, looked at by a timer. It never changes within a task.
 *
 * **Loss.** A lost context (`webglcontextlost`) is a lost device. When the owner has it restored, make a new backend.
 */
export class WebGl2Backend implements MkGpuBackend<WebGLBuffer> {
  readonly gl: WebGL2RenderingContext
  readonly capabilities: MkCapabilities
  readonly calls: MkCallCounts = noCalls()
  /** There is no scatter. */
  readonly scatterReady = false

  readonly #owned: boolean
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
  /** One view per source, so that steady writes make none. */
  readonly #views = new WeakMap<ArrayBuffer, Uint8Array<ArrayBuffer>>()
  #bounce: Uint8Array<ArrayBuffer> | undefined

  constructor(gl: WebGL2RenderingContext, options: WebGl2BackendOptions = {}) {
    this.gl = gl
    this.#owned = options.owned === true
    this.#fences = new WebGl2Fences(gl)
    this.capabilities = {
      backend: 'webgl2',
      adapter: options.adapter ?? rendererName(gl),
      runtime: browserName(),
      maxBufferSize: options.maxBufferSize ?? MAX_BUFFER_SIZE,
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
      memoryTypes: DeviceLocal | HostVisible | HostCached,
      storage: false,
      indirect: false,
      scatter: false,
      map: false,
      unifiedMemory: false,
    }
  }

  attach(sink: BackendSink, { debug }: BackendAttachOptions): void {
    if (this.#sink) throw new BackendInUse('webgl2')
    this.#sink = sink
    this.#debug = debug
    this.#events?.addEventListener('webglcontextlost', this.#contextLost)
    if (this.gl.isContextLost()) this.#lose('the context was lost before it was used')
  }

  createBuffer({ size, usage, memory, label }: BackendBufferDescriptor): BackendAllocation<WebGLBuffer> {
    const { gl } = this
    const bytes = memory === HostVisible ? cpuBytes(label, size) : undefined
    // Older implementations give null on a lost context.
    const native = (gl.createBuffer() as WebGLBuffer | null) ?? {}
    const buffer: GlBuffer = {
      label,
      size,
      host: memory === HostVisible,
      element: (usage & INDEX) !== 0,
      stored: false,
      bytes,
      rejectMap: undefined,
    }
    this.#buffers.set(native, buffer)
    this.calls.buffersCreated++
    if (memory !== DeviceLocal || this.#gone) return { native, settled: Promise.resolve(undefined) }
    this.#store(native, buffer, gl.DYNAMIC_DRAW)
    const settled =
      size < CHECKED_BYTES && !this.#debug
        ? Promise.resolve(undefined)
        : new Promise<AllocationFailed | undefined>((resolve) =>
            this.#fences.after((alive) => resolve(alive ? this.#missing(native, buffer) : undefined)),
          )
    return { native, settled }
  }

  destroyBuffer(native: WebGLBuffer): void {
    const buffer = this.#buffers.get(native)
    this.#buffers.delete(native)
    if (buffer) {
      this.#rejectMap(buffer, new Error('the buffer was destroyed'))
      if (buffer.bytes) detach(buffer.bytes.buffer)
    }
    if (!this.#gone) this.gl.deleteBuffer(native)
  }

  write(
    dst: WebGLBuffer,
    dstOffset: number,
    source: ArrayBuffer | SharedArrayBuffer,
    srcOffset: number,
    size: number,
  ): void {
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
    const copy = this.#recorded[this.#recordedCount++]
    if (copy === undefined) {
      this.#recorded.push({ src, srcOffset, dst, dstOffset, size })
      return
    }
    copy.src = src
    copy.srcOffset = srcOffset
    copy.dst = dst
    copy.dstOffset = dstOffset
    copy.size = size
  }

  prepareScatter(): Promise<boolean> {
    return Promise.resolve(false)
  }

  scatter(): void {
    // Never called: scatterReady is false.
  }

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
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      }
      if (this.#lost) this.#rejectMap(buffer, new Error('the context is lost'))
      else if (buffer.host) open(true)
      else if (!this.#gone) this.#fences.after(open)
    })
  }

  mappedRange(native: WebGLBuffer): ArrayBuffer {
    const buffer = this.#of(native)
    // A lost context has nothing to show, and must not throw for that.
    buffer.bytes ??= new Uint8Array(buffer.size)
    return buffer.bytes.buffer
  }

  flush(): void {
    // Nothing to do: the bytes are the CPU's until a copy takes them.
  }

  unmap(native: WebGLBuffer): void {
    const buffer = this.#of(native)
    this.#rejectMap(buffer, new Error('it was unmapped before the map was there'))
    if (!buffer.bytes) return
    const bytes = new Uint8Array(detach(buffer.bytes.buffer))
    buffer.bytes = buffer.host ? bytes : undefined
  }

  destroy(): void {
    this.#events?.removeEventListener('webglcontextlost', this.#contextLost)
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

  /** The canvas, on screen or off. Contexts made outside of browsers may have none. */
  get #events(): EventTarget | undefined {
    return this.gl.canvas
  }

  #of(native: WebGLBuffer): GlBuffer {
    return this.#buffers.get(native)!
  }

  /**
   * Gives a readback buffer its memory. With a READ hint Chromium brings the bytes over when a fence is made, so that reading them does
   * not wait; but it reports INVALID_OPERATION where the buffer is an element array.
   */
  #storeReadback(native: WebGLBuffer, buffer: GlBuffer): void {
    this.#store(native, buffer, buffer.element ? this.gl.STREAM_COPY : this.gl.STREAM_READ)
  }

  /** Gives a buffer its type and its memory, of zeros. */
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
    return bytes === buffer.size ? undefined : new AllocationFailed(buffer.label, buffer.size)
  }

  #upload(
    dst: WebGLBuffer,
    dstOffset: number,
    source: ArrayBuffer | SharedArrayBuffer,
    srcOffset: number,
    size: number,
  ): void {
    const { gl } = this
    gl.bindBuffer(gl.COPY_WRITE_BUFFER, dst)
    if (isPlain(source)) {
      let view = this.#views.get(source)
      if (view === undefined) this.#views.set(source, (view = new Uint8Array(source)))
      gl.bufferSubData(gl.COPY_WRITE_BUFFER, dstOffset, view, srcOffset, size)
    } else {
      // Resizable memory is refused, and shared memory not taken everywhere: both come over through memory of ours.
      const bounce = (this.#bounce ??= new Uint8Array(BOUNCE_BYTES))
      for (let done = 0; done < size; done += BOUNCE_BYTES) {
        const bytes = Math.min(BOUNCE_BYTES, size - done)
        bounce.set(new Uint8Array(source, srcOffset + done, bytes))
        gl.bufferSubData(gl.COPY_WRITE_BUFFER, dstOffset + done, bounce, 0, bytes)
      }
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
      if (from.element === to.element) {
        gl.bindBuffer(gl.COPY_WRITE_BUFFER, dst)
        gl.copyBufferSubData(gl.COPY_READ_BUFFER, gl.COPY_WRITE_BUFFER, srcOffset, dstOffset, size)
        gl.bindBuffer(gl.COPY_WRITE_BUFFER, null)
      } else {
        const bytes = new Uint8Array(size)
        gl.getBufferSubData(gl.COPY_READ_BUFFER, srcOffset, bytes)
        this.#upload(dst, dstOffset, bytes.buffer, 0, size)
      }
      gl.bindBuffer(gl.COPY_READ_BUFFER, null)
    }
    this.#after('copy', `${from.label}', '${to.label}`)
  }

  /**
   * Reads a buffer whose fence was reached, so that this does not wait for the device.
   * @throws AllocationFailed when there was no memory for it, on either side
   */
  #download(native: WebGLBuffer, buffer: GlBuffer): void {
    const { gl } = this
    const missing = buffer.stored && buffer.size >= CHECKED_BYTES ? this.#missing(native, buffer) : undefined
    if (missing) throw missing
    const bytes = cpuBytes(buffer.label, buffer.size)
    buffer.bytes = bytes
    if (!buffer.stored) return
    this.#before()
    gl.bindBuffer(gl.COPY_READ_BUFFER, native)
    gl.getBufferSubData(gl.COPY_READ_BUFFER, 0, bytes)
    gl.bindBuffer(gl.COPY_READ_BUFFER, null)
    this.#after('map', buffer.label)
  }

  #rejectMap(buffer: GlBuffer, error: Error): void {
    buffer.rejectMap?.(error)
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
    for (const buffer of this.#buffers.values()) this.#rejectMap(buffer, new Error('the context is lost'))
    this.#fences.clear()
  }

  // In debug mode every call is asked for its error, which waits for the browser. WebGL keeps errors until somebody asks, so those
  // found before a call of ours are the owner's; asking takes them from him.

  #before(): void {
    if (!this.#debug) return
    for (const name of this.#errors()) this.#sink?.uncaptured(new ValidationFailed('', '', name))
  }

  #after(operation: string, label: string): void {
    if (!this.#debug) return
    for (const name of this.#errors())
      // That there is no memory for a buffer is for its `settled` to say.
      if (name !== 'OUT_OF_MEMORY' || operation !== 'createBuffer')
        this.#sink?.error(new ValidationFailed(operation, label, name))
  }

  #errors(): string[] {
    const { gl } = this
    const names: string[] = []
    for (let error = gl.getError(); error !== gl.NO_ERROR; error = gl.getError()) {
      if (error === gl.CONTEXT_LOST_WEBGL) break
      names.push(errorNames.find((name) => gl[name] === error) ?? `error ${error}`)
    }
    return names
  }
}

const errorNames = ['INVALID_ENUM', 'INVALID_VALUE', 'INVALID_OPERATION', 'OUT_OF_MEMORY'] as const

/**
 * Zeros in memory of the CPU.
 * @throws AllocationFailed
 */
function cpuBytes(label: string, size: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size)
  } catch (cause) {
    throw new AllocationFailed(label, size, cause instanceof Error ? cause.message : String(cause))
  }
}

/** True for memory that `bufferSubData` takes everywhere: neither shared nor resizable. */
function isPlain(source: ArrayBuffer | SharedArrayBuffer): source is ArrayBuffer {
  return source instanceof ArrayBuffer && (source as { resizable?: boolean }).resizable !== true
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

function browserName(): string {
  const agent = (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent ?? ''
  return /(?:Firefox|Edg|Chrome|Version)\/[\d.]+/.exec(agent)?.[0] ?? agent
}
