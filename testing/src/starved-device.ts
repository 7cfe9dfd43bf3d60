/// <reference types="@webgpu/types" />

/** A real device that has no memory for some buffers. */
export interface StarvedDevice {
  readonly device: GPUDevice
  /** Buffers made so far. */
  readonly made: () => number
  /** These buffers, counted from 1, get no memory. */
  readonly starve: (at: readonly number[]) => void
  /** Nor does the next one. */
  readonly starveNext: () => void
  /** Nor do those with this label, until it is called with another. */
  readonly starveLabel: (label: string | undefined) => void
}

/**
 * Lets a device have no memory for some buffers, as WebGPU does it: `createBuffer` gives an invalid buffer, which the device itself refuses
 * from then on, and the innermost scope for out-of-memory answers some time later.
 * @param answerMs how much later it answers when there is no memory
 */
export function starvedDevice(device: GPUDevice, answerMs: number = 8): StarvedDevice {
  const create = device.createBuffer.bind(device)
  const push = device.pushErrorScope.bind(device)
  const pop = device.popErrorScope.bind(device)
  const scopes: { filter: GPUErrorFilter; starved: boolean }[] = []
  let count = 0
  let starved: readonly number[] = []
  let starvedLabel: string | undefined
  device.pushErrorScope = (filter) => {
    scopes.push({ filter, starved: false })
    push(filter)
  }
  device.popErrorScope = () => {
    const answer = pop()
    if (scopes.pop()?.starved !== true) return answer
    return answer
      .then(() => new Promise((resolve) => setTimeout(resolve, answerMs)))
      .then(() => ({ message: 'simulated' }))
  }
  device.createBuffer = (descriptor) => {
    const { label } = descriptor
    const named = label !== undefined && label === starvedLabel
    if (!starved.includes(++count) && !named) return create(descriptor)
    const scope = scopes.findLast(({ filter }) => filter === 'out-of-memory')
    if (scope) scope.starved = true
    push('validation')
    // Larger than this device allows (some allow 2 ** 40 bytes): invalid, and no memory is touched.
    const size = device.limits.maxBufferSize + 4
    const buffer = create({ ...descriptor, size, mappedAtCreation: false })
    void pop()
    return buffer
  }
  return {
    device,
    made: () => count,
    starve: (at) => void (starved = at),
    starveLabel: (of) => void (starvedLabel = of),
    starveNext: () => void (starved = [...starved, count + 1]),
  }
}
