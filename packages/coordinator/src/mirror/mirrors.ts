import { messageOf, MkError, type Heap } from '@memkit/core'
import type { MkDeviceBuffer, MkGpu, Readback } from '@memkit/gpu'
import type { FrameCycle } from '../frame/frame-cycle.ts'
import type { FlushRecorder } from '../flush/flush-recorder.ts'
import type { FlushScratch } from '../flush/scratch.ts'
import type { AnyMirror } from './any-mirror.ts'
import { MirrorDownloads } from './downloads.ts'
import { Mirror } from './mirror.ts'
import type { MirrorOwner } from './mirror-owner.ts'
import type { MirrorOptions } from './mirror-options.ts'
import { OverflowHeaps } from './overflow-heaps.ts'

/** The mirrors of one coordinator, and which device buffers are theirs. */
export class Mirrors implements MirrorOwner<AnyMirror> {
  readonly heap: Heap
  readonly overflow: OverflowHeaps = new OverflowHeaps()
  readonly all: Set<AnyMirror> = new Set<AnyMirror>()
  readonly #frames: FrameCycle
  readonly #readback: Readback
  readonly #labelOf = new Map<MkDeviceBuffer, string>()
  #made = 0

  constructor(heap: Heap, frames: FrameCycle, readback: Readback) {
    this.heap = heap
    this.#frames = frames
    this.#readback = readback
  }

  create(options: MirrorOptions): Mirror {
    const { downloads } = this.#frames
    const mirror = Mirror.create(this, options, options.label ?? `Mirror${++this.#made}`)
    this.#add(mirror)
    if (mirror.deviceOwned) downloads.push(new MirrorDownloads(mirror, this.#readback, this.#frames.warn))
    return mirror
  }

  add<M extends AnyMirror>(given: string | undefined, make: (owner: MirrorOwner<M>, label: string) => M): M {
    const mirror = make(this, given ?? `Mirror${++this.#made}`)
    this.#add(mirror)
    return mirror
  }

  labelOf(buffer: MkDeviceBuffer): string | undefined {
    return this.#labelOf.get(buffer)
  }

  /** For a mirror's buffer: resolves to an error when it does not hold the rows. */
  held(buffer: MkDeviceBuffer): Promise<MkError | undefined> | undefined {
    if (!this.#labelOf.has(buffer)) return undefined
    for (const { device } of this.all) if (device.slice?.buffer === buffer) return device.held(buffer)
    return undefined
  }

  get bytes(): number {
    let bytes = 0
    for (const { memoryBytes } of this.all) bytes += memoryBytes
    return bytes
  }

  /** Makes a mirror's buffer on another device. If refused, it keeps its rows, and tries again. */
  rebuild(mirror: AnyMirror): void {
    try {
      mirror.rebuild()
    } catch (error) {
      if (this.gpu.isLost) throw error
      const known = error instanceof MkError ? error : undefined
      this.#frames.listeners.warn(known?.code ?? 'MirrorNotRestored', messageOf(error), known)
    }
  }

  dispose(): void {
    for (const mirror of [...this.all]) mirror.destroy()
  }

  get scratch(): FlushScratch {
    return this.#frames.scratch
  }

  get recorder(): FlushRecorder | undefined {
    return this.#frames.flush.recorder
  }

  get gpu(): MkGpu {
    return this.#frames.device.gpu
  }

  adopt(buffer: MkDeviceBuffer, label: string): void {
    this.#labelOf.set(buffer, label)
  }

  retire(buffer: MkDeviceBuffer): void {
    this.#labelOf.delete(buffer)
    this.#frames.retire(buffer)
  }

  reallocated(mirror: AnyMirror): void {
    this.#leaveHeaps()
    const { label, generation } = mirror
    this.#frames.listeners.emit('reallocated', { mirror, label, generation })
  }

  countReallocation(): void {
    this.#frames.log.countReallocation()
  }

  warn(error: MkError): void {
    this.#frames.listeners.warn(error.code, error.message, error)
  }

  forget(mirror: AnyMirror): void {
    const { flush, downloads } = this.#frames
    this.all.delete(mirror)
    flush.remove(mirror)
    const at = downloads.findIndex((each) => each.mirror === mirror)
    if (at >= 0) downloads.splice(at, 1)[0].drop()
    this.#leaveHeaps()
  }

  #add(mirror: AnyMirror): void {
    this.all.add(mirror)
    this.#frames.flush.add(mirror)
  }

  /** Gives back scratch memory in heaps that no mirror lies in any more. */
  #leaveHeaps(): void {
    const heaps = new Set([this.heap, this.#frames.slots.heap])
    for (const { heap } of this.all) heaps.add(heap)
    this.#frames.scratch.leave(heaps)
  }
}
