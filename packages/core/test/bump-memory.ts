import { createKernels, type Block, type Kernels, type LinearMemory } from '@memkit/core'

/** A real linear memory for tests and benchmarks of the kernels: hands out what comes next and takes nothing back. */
export class BumpMemory implements LinearMemory {
  readonly memory: WebAssembly.Memory
  readonly buffer: ArrayBuffer
  readonly kernels: Kernels
  used: number
  freed = 0

  /** @param start first byte that is handed out */
  constructor(bytes: number, kind: 'auto' | 'js' = 'auto', start = 0) {
    this.memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536) })
    this.buffer = this.memory.buffer
    this.kernels = createKernels(this.memory, this.buffer, kind)
    this.used = start
  }

  alloc(bytes: number, align = 16): Block {
    const offset = Math.ceil(this.used / align) * align
    if (offset + bytes > this.buffer.byteLength) throw new Error(`bump memory is full: ${bytes} bytes asked`)
    this.used = offset + bytes
    return { offset, size: bytes }
  }

  free(_block: Block): void {
    this.freed++
  }
}
