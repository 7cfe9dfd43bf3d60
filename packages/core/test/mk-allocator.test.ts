import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  ArenaFull,
  createHeap,
  DoubleFree,
  HeapFull,
  InvalidAlignment,
  InvalidSize,
  NoOpenFrame,
  NotAllocated,
  StaleMark,
} from '../src/index.ts'
import { BudgetExceeded, MkAllocator, MkTag, PhaseEnded, StaleFrameVec } from '@memkit/core/allocator'
import type { ArenaMark, MkError } from '../src/index.ts'
import type { BudgetEvent, MemoryHandle, MkAllocatorConfig } from '@memkit/core/allocator'

const heap = createHeap({ bytes: 4 << 20 })
const made: MkAllocator[] = []

function allocator(config: MkAllocatorConfig = {}): MkAllocator {
  const memory = new MkAllocator({ heap, frameArenaBytes: 4096, ...config })
  made.push(memory)
  return memory
}

afterEach(() => {
  vi.restoreAllMocks()
  for (const memory of made.splice(0)) {
    memory.dispose()
    // Statistics count every free: nothing is alive when all was given back.
    expect(memory.stats).toMatchObject({ live: 0, bytesLive: 0 })
    expect(memory.stats.tags.every(({ used, allocs, frees }) => used === 0 && allocs === frees)).toBe(true)
  }
  expect(heap.leaks()).toEqual([])
})

describe('frames', () => {
  it('hand out memory until the frame ends', () => {
    const memory = allocator()
    memory.beginFrame()
    const view = memory.frameAlloc(Float32Array, 16).fill(1)
    expect(view).toEqual(new Float32Array(16).fill(1))
    expect(memory.stats).toMatchObject({ live: 1, bytesLive: 64, frames: 1 })
    memory.endFrame()
    expect(memory.stats).toMatchObject({ live: 0, bytesLive: 0, allocs: 1, frees: 1 })
    memory.beginFrame()
    expect(memory.frameAlloc(Float32Array, 16)).toBe(view)
    memory.endFrame()
  })

  it('report what a frame took, in one object', () => {
    const memory = allocator({ frameArenaBytes: 64 })
    memory.beginFrame()
    memory.frameAlloc(Float32Array, 3)
    memory.scope(() => memory.frameAlloc(Uint8Array, 100))
    const first = memory.endFrame()
    // 12 and 100 bytes were asked for; 12 are in use at the end, in 16. The 100 took a spill block and 112 bytes of it.
    expect(first).toEqual({
      frame: 1,
      allocCount: 2,
      bytes: 112,
      arenaBytes: 16,
      arenaHighWater: 128,
      spills: 1,
    })
    memory.beginFrame()
    expect(memory.endFrame()).toBe(first)
    expect(first).toMatchObject({ frame: 2, allocCount: 0, bytes: 0, arenaBytes: 0, spills: 0 })
  })

  it('abandon a frame that never ended', () => {
    const memory = allocator()
    memory.beginFrame()
    memory.frameAlloc(Float32Array, 16)
    memory.beginFrame()
    expect(memory.stats).toMatchObject({ frames: 2, abandonedFrames: 1, live: 0 })
    expect(memory.endFrame()).toMatchObject({ frame: 2, allocCount: 0 })
  })

  it('copy a slice into frame memory', () => {
    const memory = allocator()
    memory.beginFrame()
    const source = [1, 2.5, 3]
    const slice = memory.frameSlice(Float32Array, source)
    source[0] = 9
    expect(slice).toEqual(new Float32Array([1, 2.5, 3]))
    expect(memory.frameSlice(BigInt64Array, [5n])).toEqual(new BigInt64Array([5n]))
    expect(memory.frameSlice(Uint8Array, new Uint8Array(0))).toHaveLength(0)
  })

  it('free what a scope took, also nested and after a throw', () => {
    const memory = allocator()
    memory.beginFrame()
    memory.frameAlloc(Uint8Array, 1)
    const sum = memory.scope(() => {
      const outer = memory.frameSlice(Uint8Array, [40])[0]
      return outer + memory.scope(() => memory.frameSlice(Uint8Array, [2])[0])
    })
    expect(sum).toBe(42)
    expect(() =>
      memory.scope(() => {
        memory.frameAlloc(Uint8Array, 100)
        throw new Error('from inside')
      }),
    ).toThrow('from inside')
    expect(memory.stats).toMatchObject({ allocs: 4, frees: 3, bytesLive: 1 })
  })

  it('leave memory alone that was freed inside a scope', () => {
    const memory = allocator()
    memory.beginFrame()
    const mark = memory.mark()
    memory.frameAlloc(Uint8Array, 8)
    memory.scope(() => memory.rewind(mark))
    expect(memory.stats).toMatchObject({ allocs: 1, frees: 1 })
    memory.scope(() => {
      memory.endFrame()
      memory.beginFrame()
      memory.frameAlloc(Uint8Array, 8)
    })
    expect(memory.stats.live).toBe(1)
    memory.scope(() => memory.endFrame())
    expect(memory.stats.live).toBe(0)
  })

  it('tell memory of this frame from rewound memory and from older frames', () => {
    const memory = allocator({ debug: true })
    memory.beginFrame()
    const kept = memory.frameAlloc(Float32Array, 4)
    const mark = memory.mark()
    const rewound = memory.frameAlloc(Float32Array, 4)
    expect([kept, rewound].map((view) => memory.ownsThisFrame(view))).toEqual([true, true])
    memory.rewind(mark)
    expect([kept, rewound].map((view) => memory.ownsThisFrame(view))).toEqual([true, false])
    memory.endFrame()
    memory.beginFrame()
    memory.frameAlloc(Float32Array, 4)
    expect(memory.ownsThisFrame(kept)).toBe(false)
    expect(memory.ownsThisFrame(new Float32Array(4))).toBe(false)
  })

  it('poison freed frame memory in debug mode', () => {
    const memory = allocator({ debug: true })
    memory.beginFrame()
    const view = memory.frameAlloc(Float32Array, 4).fill(1)
    memory.endFrame()
    expect([...view].every(Number.isNaN)).toBe(true)
    memory.beginFrame()
    expect(memory.frameAlloc(Float32Array, 4)).not.toBe(view)
  })
})

describe('frameVec', () => {
  it('takes numbers up to its capacity, and reports when it is full', () => {
    const memory = allocator()
    memory.beginFrame()
    const vec = memory.frameVec(Uint32Array, 3)
    expect([vec.length, vec.capacity]).toEqual([0, 3])
    expect([vec.push(7), vec.push(8), vec.push(9), vec.push(10)]).toEqual([true, true, true, false])
    expect(vec.view()).toEqual(new Uint32Array([7, 8, 9]))
    expect([vec.at(0), vec.at(2), vec.at(3)]).toEqual([7, 9, undefined])
    expect([vec.pop(), vec.pop()]).toEqual([9, 8])
    // It is still in the array, but no longer in the list.
    expect([vec.at(1), vec.array[1]]).toEqual([undefined, 8])
    expect(vec.view()).toEqual(new Uint32Array([7]))
    expect(vec.view()).toBe(vec.view())
    expect(() => vec.truncate(2)).toThrow(InvalidSize)
    expect(vec.length).toBe(1)
    vec.truncate(0)
    expect(vec.pop()).toBeUndefined()
    expect(vec.view()).toHaveLength(0)
    expect(vec.array).toHaveLength(3)
  })

  it('starts empty in every frame', () => {
    const memory = allocator()
    memory.beginFrame()
    const first = memory.frameVec(Float64Array, 4)
    first.push(1)
    memory.endFrame()
    memory.beginFrame()
    const second = memory.frameVec(Float64Array, 4)
    expect(second.length).toBe(0)
    // Equal allocations in equal order: the list itself is used again, so that a steady frame makes no garbage.
    expect(second).toBe(first)
    second.push(2)
    expect(second.view()).toEqual(new Float64Array([2]))
    memory.endFrame()
    memory.beginFrame()
    const other = memory.frameVec(Uint8Array, 2)
    expect(other.push(300)).toBe(true)
    expect(other.view()).toEqual(new Uint8Array([44]))
  })

  it('refuses to be used after its frame ended or was rewound past it', () => {
    const memory = allocator()
    memory.beginFrame()
    const old = memory.frameVec(Float32Array, 4)
    memory.endFrame()
    expect(() => old.push(1)).toThrow(StaleFrameVec)
    memory.beginFrame()
    const mark = memory.mark()
    const rewound = memory.frameVec(Float32Array, 4)
    memory.rewind(mark)
    expect(() => rewound.view()).toThrow(StaleFrameVec)
    // Its place now belongs to another.
    const other = memory.frameAlloc(Float32Array, 4).fill(5)
    for (const act of [
      () => rewound.push(1),
      () => rewound.pop(),
      () => rewound.at(0),
      () => rewound.truncate(0),
    ]) {
      expect(act).toThrow(StaleFrameVec)
    }
    expect([...other]).toEqual([5, 5, 5, 5])
  })

  it('is never handed out twice in debug mode', () => {
    const memory = allocator({ debug: true })
    memory.beginFrame()
    const first = memory.frameVec(Float32Array, 4)
    memory.endFrame()
    memory.beginFrame()
    const second = memory.frameVec(Float32Array, 4)
    expect(() => first.push(1)).toThrow(StaleFrameVec)
    expect(second.push(1)).toBe(true)
  })
})

describe('memory that outlives frames', () => {
  it('is found by its handle until it is freed', () => {
    const memory = allocator()
    const handle = memory.alloc(64, { tag: MkTag.Assets, align: 256, label: 'level' })
    const view = memory.view(handle, Float32Array)?.fill(2)
    expect(view).toHaveLength(16)
    expect(memory.block(handle)).toMatchObject({ size: 64 })
    expect((memory.block(handle)?.offset ?? 1) % 256).toBe(0)
    expect(memory.leaks()).toMatchObject([{ label: 'level', size: 64 }])
    memory.free(handle)
    expect(memory.block(handle)).toBeUndefined()
    expect(memory.view(handle, Float32Array)).toBeUndefined()
    expect(memory.leaks()).toEqual([])
    const next = memory.alloc(64)
    expect(memory.block(handle)).toBeUndefined()
    expect([...(memory.view(next, Uint8Array) ?? [1])].every((byte) => byte === 0)).toBe(true)
  })

  it("ignores bytes that don't make a whole number", () => {
    const memory = allocator()
    expect(memory.view(memory.alloc(10), Uint32Array)).toHaveLength(2)
  })

  it('creates its own heap when none is given', () => {
    const memory = new MkAllocator({ heapBytes: 1 << 20, frameArenaBytes: 1024 })
    expect(memory.heap.bytes).toBe(1 << 20)
    memory.alloc(100)
    memory.dispose()
    expect(memory.heap.leaks()).toEqual([])
  })
})

describe('budgets', () => {
  it('refuse what would exceed the hard limit of a tag, in frames and beyond', () => {
    const memory = allocator({ budgets: { [MkTag.Physics]: { hard: 200 } } })
    const kept = memory.alloc(100, { tag: MkTag.Physics })
    memory.beginFrame()
    memory.frameAlloc(Float32Array, 25, MkTag.Physics)
    const before = memory.stats
    let error: unknown
    try {
      memory.frameAlloc(Uint8Array, 1, MkTag.Physics)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(BudgetExceeded)
    expect(error).toMatchObject({ code: 'BudgetExceeded', tag: 'physics', asked: 1, used: 200, hard: 200 })
    expect(() => memory.alloc(1, { tag: MkTag.Physics })).toThrow(BudgetExceeded)
    // Nothing changed but the count of refusals.
    const refused = before.tags.map((tag) => (tag.tag === 'physics' ? { ...tag, refused: 2 } : tag))
    expect(memory.stats).toEqual({ ...before, tags: refused })
    memory.frameAlloc(Uint8Array, 1, MkTag.Audio)
    memory.endFrame()
    memory.alloc(100, { tag: MkTag.Physics })
    memory.free(kept)
  })

  it('report an exceeded soft limit once, until the tag has fallen to it again', () => {
    const memory = allocator()
    const events: BudgetEvent[] = []
    const stop = memory.onBudget((event) => events.push(event))
    memory.limit('particles', { soft: 100, hard: 300 })
    memory.beginFrame()
    memory.frameAlloc(Uint8Array, 100, 'particles')
    expect(events).toEqual([])
    memory.scope(() => {
      memory.frameAlloc(Uint8Array, 50, 'particles')
      memory.frameAlloc(Uint8Array, 50, 'particles')
    })
    expect(events).toEqual([{ tag: 'particles', limit: 'soft', asked: 50, used: 150, allowed: 100 }])
    // The scope gave 100 bytes back.
    memory.frameAlloc(Uint8Array, 1, 'particles')
    expect(events).toHaveLength(2)
    expect(() => memory.frameAlloc(Uint8Array, 200, 'particles')).toThrow(BudgetExceeded)
    expect(events[2]).toEqual({ tag: 'particles', limit: 'hard', asked: 200, used: 101, allowed: 300 })
    stop()
    expect(() => memory.frameAlloc(Uint8Array, 200, 'particles')).toThrow(BudgetExceeded)
    expect(events).toHaveLength(3)
    expect(memory.stats.tags).toContainEqual({
      tag: 'particles',
      used: 101,
      peak: 200,
      soft: 100,
      hard: 300,
      allocs: 4,
      frees: 2,
      refused: 2,
    })
  })

  it('lift an omitted limit, and keep what exceeds a new one', () => {
    const memory = allocator({ budgets: { ai: { hard: 64 } } })
    memory.limit(MkTag.Ai, {})
    const handle = memory.alloc(1000, { tag: MkTag.Ai })
    memory.limit(MkTag.Ai, { soft: 10, hard: 500 })
    expect(() => memory.alloc(1, { tag: MkTag.Ai })).toThrow(BudgetExceeded)
    memory.free(handle)
    memory.alloc(500, { tag: MkTag.Ai })
  })

  it("don't report a soft limit set below what is alive, until it is exceeded again", () => {
    const memory = allocator()
    const told = vi.fn()
    memory.onBudget(told)
    const big = memory.alloc(100, { tag: 'ai' })
    memory.limit('ai', { soft: 50 })
    memory.alloc(10, { tag: 'ai' })
    expect(told).not.toHaveBeenCalled()
    memory.free(big)
    memory.alloc(41, { tag: 'ai' })
    expect(told).toHaveBeenCalledOnce()
  })

  it('keep working when a listener throws', () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const memory = allocator({ budgets: { ui: { soft: 0 } } })
    const heard = vi.fn()
    memory.onBudget(() => {
      throw new Error('from a listener')
    })
    memory.onBudget(heard)
    memory.alloc(16, { tag: MkTag.Ui })
    expect(heard).toHaveBeenCalledOnce()
    expect(warn).toHaveBeenCalledOnce()
  })
})

describe('phases', () => {
  it('count what was allocated in them; an outer phase includes its inner ones', () => {
    const memory = allocator()
    memory.beginFrame()
    const outer = memory.beginPhase('frame')
    memory.frameAlloc(Float32Array, 4)
    const inner = memory.beginPhase('physics')
    memory.frameAlloc(Float32Array, 8)
    memory.scope(() => memory.frameAlloc(Uint8Array, 10))
    const innerReport = inner.end()
    memory.alloc(100)
    const outerReport = outer.end()
    expect(innerReport).toMatchObject({ name: 'physics', allocCount: 2, bytes: 32 + 10 })
    expect(outerReport).toMatchObject({ name: 'frame', allocCount: 4, bytes: 16 + 42 + 100 })
    expect(outerReport.durationMs).toBeGreaterThanOrEqual(innerReport.durationMs)
    expect(innerReport.durationMs).toBeGreaterThanOrEqual(0)
  })

  it('can span frames, and end once', () => {
    const memory = allocator()
    const loading = memory.beginPhase('loading')
    for (let i = 0; i < 3; i++) {
      memory.beginFrame()
      memory.frameAlloc(Uint8Array, 16)
      memory.endFrame()
    }
    expect(loading.end()).toMatchObject({ allocCount: 3, bytes: 48 })
    expect(() => loading.end()).toThrow(PhaseEnded)
  })
})

describe('statistics', () => {
  it('count every allocation and every free', () => {
    const memory = allocator()
    const a = memory.alloc(100)
    const b = memory.alloc(50, { tag: MkTag.Audio })
    memory.beginFrame()
    memory.frameAlloc(Float32Array, 25)
    memory.scope(() => memory.frameAlloc(Float32Array, 100))
    memory.free(a)
    expect(memory.stats).toMatchObject({
      allocs: 4,
      frees: 2,
      live: 2,
      bytesAllocated: 100 + 50 + 100 + 400,
      bytesFreed: 400 + 100,
      bytesLive: 150,
      // Before the scope ended.
      peakBytes: 650,
      // 100 bytes take 112.
      arenaBytes: 112,
      arenaHighWater: 512,
      arenaCapacity: 4096,
    })
    memory.endFrame()
    memory.free(b)
    // Below the peak: it stays what it was.
    memory.free(memory.alloc(649))
    expect(memory.stats).toMatchObject({ allocs: 5, frees: 5, live: 0, bytesLive: 0, peakBytes: 650 })
    expect(memory.stats.heap).toEqual(heap.stats)
  })
})

describe('bad input', () => {
  interface Given {
    freed: MemoryHandle
    mark: ArenaMark
  }
  type Case = [string, (memory: MkAllocator, given: Given) => unknown, new (...args: never[]) => MkError]
  const cases: Case[] = [
    ['a negative length', (m) => m.frameAlloc(Float32Array, -1), InvalidSize],
    ['a fractional length', (m) => m.frameAlloc(Float32Array, 1.5), InvalidSize],
    ['a length of NaN', (m) => m.frameAlloc(Float32Array, Number.NaN), InvalidSize],
    ['a length of 2³²', (m) => m.frameAlloc(Uint8Array, 2 ** 32), InvalidSize],
    ['more frame memory than there may be', (m) => m.frameAlloc(Uint8Array, 1 << 20), ArenaFull],
    ['a fraction above a hard limit', (m) => m.frameAlloc(Uint8Array, 10.5, 'ai'), InvalidSize],
    [
      'an infinite length for a tag with a hard limit',
      (m) => m.frameAlloc(Uint8Array, Infinity, 'ai'),
      InvalidSize,
    ],
    [
      'a negative length for a tag that was never used',
      (m) => m.frameAlloc(Uint8Array, -1, 'new'),
      InvalidSize,
    ],
    ['infinite bytes for a tag with a hard limit', (m) => m.alloc(Infinity, { tag: 'ai' }), InvalidSize],
    ['bytes of NaN for a tag that was never used', (m) => m.alloc(Number.NaN, { tag: 'new' }), InvalidSize],
    ['a list of −1 numbers', (m) => m.frameVec(Float32Array, -1), InvalidSize],
    ['negative bytes', (m) => m.alloc(-1), InvalidSize],
    ['bytes that are NaN', (m) => m.alloc(Number.NaN), InvalidSize],
    ['an alignment of 12', (m) => m.alloc(1, { align: 12 }), InvalidAlignment],
    ['more than the heap has', (m) => m.alloc(1 << 30), HeapFull],
    ['freeing twice', (m, { freed }) => m.free(freed), DoubleFree],
    ['freeing what was never allocated', (m) => m.free(12_345_678 as MemoryHandle), NotAllocated],
    ['freeing NaN', (m) => m.free(Number.NaN as MemoryHandle), NotAllocated],
    ['a mark of another frame', (m, { mark }) => m.rewind(mark), StaleMark],
    ['a soft limit above the hard one', (m) => m.limit('ai', { soft: 2, hard: 1 }), InvalidSize],
    ['a negative limit', (m) => m.limit('ai', { hard: -1 }), InvalidSize],
    ['a soft limit of NaN', (m) => m.limit('ai', { soft: Number.NaN }), InvalidSize],
  ]
  it.each(cases)('refuses %s, and changes nothing', (_, act, error) => {
    const memory = allocator({ budgets: { ai: { hard: 10 } } })
    const freed = memory.alloc(16)
    memory.free(freed)
    const taken = memory.alloc(16)
    memory.beginFrame()
    const mark = memory.mark()
    memory.endFrame()
    memory.beginFrame()
    memory.frameAlloc(Float32Array, 4)
    const before = memory.stats
    expect(() => act(memory, { freed, mark })).toThrow(error)
    expect(memory.stats).toEqual(before)
    expect(memory.block(taken)).toBeDefined()
  })

  const outside: [string, (memory: MkAllocator) => unknown][] = [
    ['endFrame', (m) => m.endFrame()],
    ['frameAlloc', (m) => m.frameAlloc(Float32Array, 1)],
    ['frameSlice', (m) => m.frameSlice(Float32Array, [1])],
    ['frameVec', (m) => m.frameVec(Float32Array, 1)],
    ['mark', (m) => m.mark()],
    ['rewind', (m) => m.rewind(0 as ArenaMark)],
    ['scope', (m) => m.scope(() => 1)],
  ]
  it.each(outside)('refuses %s outside a frame', (_, act) => {
    const memory = allocator()
    expect(() => act(memory)).toThrow(NoOpenFrame)
    memory.beginFrame()
    memory.endFrame()
    expect(() => act(memory)).toThrow(NoOpenFrame)
    expect(memory.stats).toMatchObject({ frames: 1, allocs: 0 })
  })

  it('refuses invalid frame bytes, and frame bytes above their cap', () => {
    expect(() => new MkAllocator({ heap, frameArenaBytes: 0 })).toThrow(InvalidSize)
    expect(() => new MkAllocator({ heap, frameArenaBytes: 64, maxFrameArenaBytes: 32 })).toThrow(InvalidSize)
    expect(() => new MkAllocator({ heapBytes: -1 })).toThrow(InvalidSize)
  })
})
