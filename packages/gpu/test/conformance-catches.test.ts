import { describe, expect, it, vi } from 'vitest'
import { DummyBackend, ValidationFailed } from '@memkit/gpu'
import type { BackendBufferDescriptor, DummyBuffer, ScatterRows } from '@memkit/gpu'
import { conformanceCases, runConformance } from '@memkit/gpu/conformance'

// A suite is worth what it catches. Each backend here breaks one promise; the suite must notice.

class OldBytesInNewBuffers extends DummyBackend {
  override createBuffer(descriptor: BackendBufferDescriptor) {
    const allocation = super.createBuffer(descriptor)
    allocation.native.bytes.fill(1)
    return allocation
  }
}

class LateWrites extends DummyBackend {
  override write(dst: DummyBuffer, dstOffset: number, source: ArrayBuffer, srcOffset: number, size: number) {
    queueMicrotask(() => super.write(dst, dstOffset, source, srcOffset, size))
  }
}

class NoSourceOffset extends DummyBackend {
  override write(dst: DummyBuffer, dstOffset: number, source: ArrayBuffer, _: number, size: number) {
    super.write(dst, dstOffset, source, 0, size)
  }
}

class FirstHalfOfBigWrites extends DummyBackend {
  override write(dst: DummyBuffer, dstOffset: number, source: ArrayBuffer, srcOffset: number, size: number) {
    super.write(dst, dstOffset, source, srcOffset, Math.min(size, 4 << 20))
  }
}

class CopiesAtOnce extends DummyBackend {
  override copy(src: DummyBuffer, srcOffset: number, dst: DummyBuffer, dstOffset: number, size: number) {
    super.copy(src, srcOffset, dst, dstOffset, size)
    super.submit()
  }
}

class OneCopyTooFar extends DummyBackend {
  override copy(src: DummyBuffer, srcOffset: number, dst: DummyBuffer, dstOffset: number, size: number) {
    super.copy(
      src,
      srcOffset,
      dst,
      dstOffset,
      Math.min(size + 4, dst.bytes.length - dstOffset, src.bytes.length - srcOffset),
    )
  }
}

class NeverDone extends DummyBackend {
  override signal() {}
}

class DoneTwice extends DummyBackend {
  override attach(sink: Parameters<DummyBackend['attach']>[0]) {
    super.attach({
      ...sink,
      completed(serial) {
        sink.completed(serial)
        sink.completed(serial)
      },
    })
  }
}

class ViewsThatLive extends DummyBackend {
  override mappedRange(buffer: DummyBuffer) {
    return super.mappedRange(buffer).slice()
  }
}

class SilentLoss extends DummyBackend {
  override attach(sink: Parameters<DummyBackend['attach']>[0]) {
    super.attach({ ...sink, lost: () => {} })
  }
}

class ThrowsWhenLost extends DummyBackend {
  #gone = false
  override lose() {
    this.#gone = true
    super.lose()
  }
  override submit() {
    if (this.#gone) throw new Error('lost')
    super.submit()
  }
}

class ScattersByWords extends DummyBackend {
  override scatter(dst: DummyBuffer, payload: DummyBuffer, rows: ScatterRows) {
    super.scatter(dst, payload, { ...rows, stride: Math.ceil(rows.stride / 16) * 16 })
  }
}

class ForgetsDstOffset extends DummyBackend {
  override scatter(dst: DummyBuffer, payload: DummyBuffer, rows: ScatterRows) {
    super.scatter(dst, payload, { ...rows, dstOffset: 0 })
  }
}

class OneFate extends DummyBackend {
  // What is recorded is refused whole, whatever MkGpu separates.
  override separate() {}
}

class Complains extends DummyBackend {
  #sink: Parameters<DummyBackend['attach']>[0] | undefined
  override attach(sink: Parameters<DummyBackend['attach']>[0]) {
    this.#sink = sink
    super.attach(sink)
  }
  override copy(src: DummyBuffer, srcOffset: number, dst: DummyBuffer, dstOffset: number, size: number) {
    super.copy(src, srcOffset, dst, dstOffset, size)
    setTimeout(
      () =>
        this.#sink!.uncaptured(new ValidationFailed({ operation: '', label: '', detail: 'of no reason' })),
      0,
    )
  }
}

/** Runs one case on a backend, which is to reject. */
function run(name: string, Backend: new () => DummyBackend): Promise<unknown> {
  const found = conformanceCases.find((each) => each.name === name)!
  const backend = new Backend()
  const starve = (): void => {
    backend.faults = { outOfMemoryAt: [backend.calls.buffersCreated + 1] }
  }
  return found.run(() => ({ backend, lose: () => backend.lose(), starve }))
}

describe('the conformance suite notices a backend', () => {
  it.each([
    ['whose new buffers hold old bytes', OldBytesInNewBuffers, 'a new buffer holds zeros'],
    ['that reads a source later', LateWrites, 'the source may change as soon as a write returns'],
    [
      'that ignores where a source starts',
      NoSourceOffset,
      'a write at an offset, from an offset, leaves its neighbours alone',
    ],
    ['that writes only the first part', FirstHalfOfBigWrites, 'a big write arrives whole'],
    [
      'that copies before submit',
      CopiesAtOnce,
      'a copy acts at submit: it sees writes made after it was recorded',
    ],
    ['that copies too much', OneCopyTooFar, 'a copy at offsets leaves the neighbours alone'],
    ['that reports a serial twice', DoneTwice, 'a signal comes back once, with its serial'],
    ['whose mapped bytes are a copy', ViewsThatLive, 'mapped memory goes through the bare contract and back'],
    ['that throws because of a loss', ThrowsWhenLost, 'calls between a loss and the news of it do nothing'],
    ['that scatters rows of 16 bytes only', ScattersByWords, 'rows of 12 bytes go where their numbers say'],
    [
      'that scatters to the start of the buffer',
      ForgetsDstOffset,
      'rows at odd offsets of both buffers, numbers before or after them',
    ],
    [
      'that submits as one what is kept apart',
      OneFate,
      'a buffer without memory takes down no copy of others',
    ],
    ['whose device complains', Complains, 'a big copy arrives whole'],
  ])('%s', async (_, Broken, name) => {
    await expect(run(name, Broken)).rejects.toThrow()
    expect(await run(name, DummyBackend)).toBe('passed')
  })

  it('that reports neither a loss nor completion', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] })
    try {
      for (const [Broken, name] of [
        [SilentLoss, 'calls between a loss and the news of it do nothing'],
        [NeverDone, 'a signal comes back once, with its serial'],
      ] as const) {
        const failure = expect(run(name, Broken)).rejects.toThrow('did not come within 10 s')
        await vi.advanceTimersByTimeAsync(11_000)
        await failure
      }
    } finally {
      vi.useRealTimers()
    }
  })

  it('and reports all cases, including those that never end', async () => {
    const report = await runConformance(
      () => {
        const backend = new NeverDone({ capabilities: { scatter: false } })
        return { backend, lose: () => backend.lose() }
      },
      { caseMs: 20 },
    )
    expect(report.passed + report.gated.length + report.failed.length).toBe(conformanceCases.length)
    expect(report.gated).toContainEqual({ name: '200 000 rows', needs: 'scatter' })
    const endless = report.failed.find(({ name }) => name === 'a write completes by itself')!
    expect(endless.error).toMatchObject({
      code: 'ConformanceFailure',
      message: 'it did not end within 20 ms',
    })
    expect(report.passed).toBeGreaterThan(0)
  })

  it('and names every case once', () => {
    const names = conformanceCases.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThanOrEqual(40)
  })
})
