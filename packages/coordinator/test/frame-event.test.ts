import { MkCoordinator, type FrameReport } from '@memkit/coordinator'
import { DummyBackend } from '@memkit/gpu'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { frame } from './device-bytes.ts'

const open: MkCoordinator[] = []
afterEach(() => {
  for (const co of open.splice(0)) co.dispose()
  vi.restoreAllMocks()
})

async function coordinator(): Promise<MkCoordinator> {
  const co = new MkCoordinator(new DummyBackend(), { calibrate: false })
  open.push(co)
  await co.ready()
  return co
}

describe("the event 'frame'", () => {
  it('carries the report of each frame, with the mirror of each entry', async () => {
    const co = await coordinator()
    const mirror = co.createMirror({ rows: 8, stride: 4, label: 'Thing' })
    const seen: [number, number][] = []
    let report: FrameReport | undefined
    const stop = co.on('frame', (event) => {
      seen.push([event.frame, event.rowsChanged])
      report = event
    })
    const returned = frame(co, () => mirror.mark(3))
    expect(report).toBe(returned)
    expect(report!.mirrors[0].mirror).toBe(mirror)
    frame(co, () => {})
    stop()
    frame(co, () => {})
    expect(seen).toEqual([
      [1, 1],
      [2, 0],
    ])
  })

  it('fires after the frame, so that a listener can read the device and begin another frame', async () => {
    const co = await coordinator()
    const mirror = co.createMirror({ rows: 2, stride: 4 })
    let read: Promise<ArrayBuffer> | undefined
    let isOpen = true
    co.on('frame', () => {
      isOpen = co.isFrameOpen
      read ??= co.download(mirror.buffer)
    })
    frame(co, () => mirror.write(1, new Uint32Array([7])))
    expect(isOpen).toBe(false)
    expect([...new Uint32Array(await read!)]).toEqual([0, 7])
  })

  it('does not stop a frame when a listener throws, and reports the error once', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {})
    const co = await coordinator()
    co.on('frame', () => {
      throw new Error('mine')
    })
    expect(frame(co, () => {}).frame).toBe(1)
    expect(frame(co, () => {}).frame).toBe(2)
    expect(said).toHaveBeenCalledTimes(1)
  })
})

describe('a trace that is started and stopped', () => {
  it('records the frames in between, including one that is already open', async () => {
    const co = await coordinator()
    expect(co.trace).toBeUndefined()
    frame(co, () => {})
    co.beginFrame()
    const trace = co.startTrace()
    co.endFrame()
    frame(co, () => {})
    expect(co.trace).toBe(trace)
    expect(co.stopTrace()).toBe(trace)
    expect(co.trace).toBeUndefined()
    frame(co, () => {})
    const frames = trace.events.filter(({ name }) => name.startsWith('frame '))
    expect(frames.map(({ name }) => name)).toEqual(['frame 2', 'frame 3'])
    // A frame that began before the trace did is no longer than from there on.
    expect(frames[0].dur).toBeLessThan(10_000_000)
  })

  it('ignores a second start while it runs', async () => {
    const co = await coordinator()
    const trace = co.startTrace()
    frame(co, () => {})
    expect(co.startTrace()).toBe(trace)
    expect(trace.events.length).toBeGreaterThan(0)
    expect(co.stopTrace()).toBe(trace)
    expect(co.stopTrace()).toBeUndefined()
  })
})
