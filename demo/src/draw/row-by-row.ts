import type { MkGpu } from '@memkit/gpu'

/**
 * What hand-written code often does, to hold it against the plugin: one write per entity. While it
 * is on, each write of rows is cut into one call for each row on its way to the backend.
 */
export class RowByRow {
  on = false
  /** Bytes of a row, by the label of the buffer. */
  readonly strides = new Map<string, number>()

  /** Puts itself between a gpu and its backend. */
  watch(gpu: MkGpu): MkGpu {
    const { backend } = gpu
    const write = backend.write.bind(backend)
    const createBuffer = backend.createBuffer.bind(backend)
    const labels = new WeakMap<object, string>()
    backend.createBuffer = (descriptor) => {
      const allocation = createBuffer(descriptor)
      labels.set(allocation.native, descriptor.label)
      return allocation
    }
    backend.write = (buffer, offset, source, sourceOffset, size) => {
      const stride = this.on ? this.strides.get(labels.get(buffer) ?? '') : undefined
      if (stride === undefined) return write(buffer, offset, source, sourceOffset, size)
      for (let done = 0; done < size; done += stride)
        write(buffer, offset + done, source, sourceOffset + done, Math.min(stride, size - done))
    }
    return gpu
  }
}
