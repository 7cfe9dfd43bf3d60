/// <reference types="@webgpu/types" preserve="true" />
import type { MkError } from '@memkit/core'
import { ValidationFailed } from '../errors.ts'

/** What a device will say about the memory of a buffer: undefined when it is there. */
export type Answer = Promise<MkError | undefined>

/**
 * Buffers whose memory the device has not confirmed. When one has none, the device calls everything that names it a validation error. That
 * is one shortage and has one typed error, so what names such a buffer runs within a scope whose error is reported only if all of the
 * buffers turn out to have memory. Once all are confirmed nothing here calls the device.
 */
export class UnconfirmedBuffers {
  readonly #device: GPUDevice
  readonly #report: (error: MkError) => void
  readonly #answers = new Map<GPUBuffer, Answer>()
  /** Of the buffers that the part being recorded names. */
  #recorded: Answer[] = []

  /** @param report hears validation errors that no shortage explains */
  constructor(device: GPUDevice, report: (error: MkError) => void) {
    this.#device = device
    this.#report = report
  }

  /** A buffer was made. */
  add(buffer: GPUBuffer, answer: Answer): void {
    this.#answers.set(buffer, answer)
    void answer.then((error) => error === undefined && this.#answers.delete(buffer))
  }

  /** A buffer was destroyed. */
  forget(buffer: GPUBuffer): void {
    this.#answers.delete(buffer)
  }

  /** Undefined for a buffer that is confirmed. */
  answerFor(buffer: GPUBuffer): Answer | undefined {
    return this.#answers.size === 0 ? undefined : this.#answers.get(buffer)
  }

  /** Notes that the part being recorded names a buffer. */
  record(buffer: GPUBuffer): void {
    const answer = this.answerFor(buffer)
    if (answer !== undefined) this.hangOn(answer)
  }

  /** Notes that the part being recorded names a buffer that waits for this answer. */
  hangOn(answer: Answer): void {
    this.#recorded.push(answer)
  }

  /** True when the part being recorded names a buffer that is not confirmed. */
  get inPart(): boolean {
    return this.#recorded.length > 0
  }

  /** Of the part being recorded. */
  get recorded(): readonly Answer[] {
    return this.#recorded
  }

  /** Another part begins. @returns the answers that the one before hangs on */
  takeRecorded(): readonly Answer[] {
    return this.#recorded.splice(0)
  }

  /**
   * Makes calls to the device that name unconfirmed buffers.
   * @param answers of all of them
   * @param operation for the error, as is `label`
   */
  within<T>(answers: readonly Answer[], operation: string, label: string, act: () => T): T {
    if (answers.length === 0) return act()
    this.#device.pushErrorScope('validation')
    try {
      return act()
    } finally {
      this.#device.popErrorScope().then(
        (error) =>
          error && void this.#explain(answers, new ValidationFailed(operation, label, error.message)),
        () => {},
      )
    }
  }

  async #explain(answers: readonly Answer[], error: MkError): Promise<void> {
    for (const shortage of await Promise.all(answers)) if (shortage) return
    this.#report(error)
  }
}
