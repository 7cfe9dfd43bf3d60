/// <reference types="@webgpu/types" preserve="true" />
import type { MkError } from '@memkit/core'
import { ValidationFailed } from '../errors.ts'

/** What a device will say about the memory of a buffer: undefined when it is there. */
export type Answer = Promise<MkError | undefined>

const NONE: readonly Answer[] = []

/**
 * Puts calls to the device into validation scopes: in debug mode to name the call, and where a call
 * names buffers whose memory the device has not confirmed. Without memory, all that names such a
 * buffer is a validation error, which is reported only if no shortage explains it.
 *
 *     const answers = scopes.answersFor(buffer)
 *     scopes.open(answers)
 *     device.…(buffer)
 *     scopes.close(answers, 'write', buffer.label)
 *
 * Without debug mode and unconfirmed buffers, nothing here calls the device or allocates.
 */
export class ErrorScopes {
  debug = false
  readonly #device: GPUDevice
  readonly #report: (error: MkError) => void
  readonly #unconfirmed = new Map<GPUBuffer, readonly Answer[]>()
  /** Of the buffers that the part being recorded names. */
  #part: Answer[] | undefined

  constructor(device: GPUDevice, report: (error: MkError) => void) {
    this.#device = device
    this.#report = report
  }

  add(buffer: GPUBuffer, answer: Answer): void {
    this.#unconfirmed.set(buffer, [answer])
    void answer.then((error) => error === undefined && this.#unconfirmed.delete(buffer))
  }

  forget(buffer: GPUBuffer): void {
    this.#unconfirmed.delete(buffer)
  }

  /** Empty for a buffer that is confirmed. */
  answersFor(buffer: GPUBuffer): readonly Answer[] {
    return (this.#unconfirmed.size === 0 ? undefined : this.#unconfirmed.get(buffer)) ?? NONE
  }

  /** Notes that the part being recorded names a buffer. */
  record(buffer: GPUBuffer): void {
    const [answer] = this.answersFor(buffer)
    if (answer !== undefined) this.recordAnswer(answer)
  }

  /** Notes that the part being recorded names a buffer that waits for this answer. */
  recordAnswer(answer: Answer): void {
    ;(this.#part ??= []).push(answer)
  }

  /** The answers that the part being recorded depends on. */
  get part(): readonly Answer[] {
    return this.#part ?? NONE
  }

  /** Begins a part, and returns the answers that the one before depends on. */
  takePart(): readonly Answer[] {
    const { part } = this
    this.#part = undefined
    return part
  }

  /** Whether calls that depend on these answers are put into a scope. */
  areUsed(answers: readonly Answer[]): boolean {
    return this.debug || answers.length > 0
  }

  /** Call before calls that name the buffers of these answers, and `close` after them. */
  open(answers: readonly Answer[]): void {
    if (this.areUsed(answers)) this.#device.pushErrorScope('validation')
  }

  close(answers: readonly Answer[], operation: string, label: string): void {
    if (!this.areUsed(answers)) return
    const report = async (error: GPUError | null): Promise<void> => {
      if (!error) return
      const shortages = await Promise.all(answers)
      if (shortages.some(Boolean)) return
      this.#report(new ValidationFailed({ operation, label, detail: error.message }))
    }
    void this.#device.popErrorScope().then(report, () => {})
  }
}
