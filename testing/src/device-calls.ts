/** Where a device is destroyed: before or after the call of that number, counted from 1 since `arm`. */
export interface Doom {
  readonly call: number
  readonly when: 'before' | 'after'
}

/** Methods that reach the device, by the objects that have them. Those that end in `Error`, `Done` and `Range` only ask. */
const methods = {
  device: ['createBuffer', 'createBindGroup', 'createCommandEncoder', 'pushErrorScope', 'popErrorScope'],
  queue: ['writeBuffer', 'submit', 'onSubmittedWorkDone'],
  encoder: ['copyBufferToBuffer', 'beginComputePass', 'finish'],
  pass: ['setPipeline', 'setBindGroup', 'dispatchWorkgroups', 'end'],
  buffer: ['mapAsync', 'getMappedRange', 'unmap', 'destroy'],
} as const

type Counted = keyof typeof methods
/** What these return has methods of its own to be counted. */
const makes: Readonly<Record<string, Counted>> = {
  createBuffer: 'buffer',
  createCommandEncoder: 'encoder',
  beginComputePass: 'pass',
}

/**
 * Counts every call of a real device, and destroys it at one of them. The device does all the work itself: each method is called as it
 * is, with what it was given.
 */
export class DeviceCalls {
  readonly device: GPUDevice
  /** Calls since `arm`. */
  count = 0
  /** Name of the call at which it was destroyed. */
  destroyedAt: string | undefined
  #doom: Doom | undefined

  constructor(device: GPUDevice) {
    this.device = device
    this.#follow(device, 'device')
    this.#follow(device.queue, 'queue')
  }

  /** Counts from here. */
  arm(doom: Doom | undefined): void {
    this.count = 0
    this.#doom = doom
  }

  #follow(object: object, kind: Counted): void {
    for (const name of methods[kind]) {
      const method = (object as Record<string, (...args: unknown[]) => unknown>)[name]
      const counted = (...args: unknown[]): unknown => {
        const call = ++this.count
        const doomed = this.#doom?.call === call ? this.#doom.when : undefined
        if (doomed !== undefined) this.destroyedAt = name
        if (doomed === 'before') this.device.destroy()
        const result = method.apply(object, args)
        if (doomed === 'after') this.device.destroy()
        const made = makes[name]
        if (made !== undefined) this.#follow(result as object, made)
        return result
      }
      Object.defineProperty(object, name, { value: counted })
    }
  }
}
