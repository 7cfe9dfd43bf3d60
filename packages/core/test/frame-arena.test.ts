import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { ArenaDisposed, ArenaFull, createHeap, FrameArena, HeapFull, type ArenaMark } from '../src/index.ts'

const heap = createHeap({ bytes: 8 << 20 })

describe('FrameArena', () => {
  afterEach(() => {
    // Every test gives back what it took.
    expect(heap.leaks()).toEqual([])
  })

  it('hands out consecutive views, each at a multiple of 16', () => {
    const arena = new FrameArena(heap, 1024)
    const a = arena.alloc(Float32Array, 3)
    const b = arena.alloc(Uint8Array, 5)
    const c = arena.alloc(Float64Array, 2)
    expect(a).toBeInstanceOf(Float32Array)
    expect([a.length, b.length, c.length]).toEqual([3, 5, 2])
    expect([a, b, c].map((view) => view.byteOffset - a.byteOffset)).toEqual([0, 16, 32])
    expect(a.buffer).toBe(heap.buffer)
    expect(arena.buffer).toBe(heap.buffer)
    expect(a.byteOffset % 16).toBe(0)
    // 12, 5 and 16 bytes, each rounded up to 16.
    expect(arena.used).toBe(48)
    expect(arena.count).toBe(3)
    arena.dispose()
  })

  it('aligns further when asked', () => {
    const arena = new FrameArena(heap, 4096)
    arena.alloc(Uint8Array, 1)
    expect(arena.alloc(Uint8Array, 1, 256).byteOffset % 256).toBe(0)
    expect(arena.alloc(Uint8Array, 1, 1).byteOffset % 16).toBe(0)
    expect(arena.allocBytes(8, 1024) % 1024).toBe(0)
    arena.dispose()
  })

  it('hands out the same view objects for the same kind and length in the same place', () => {
    const arena = new FrameArena(heap, 1024)
    const frame = () => [
      arena.alloc(Float32Array, 4),
      arena.scope(() => arena.alloc(Uint16Array, 4)),
      arena.scope(() => arena.alloc(Int8Array, 4)),
      arena.alloc(BigInt64Array, 1),
    ]
    const first = frame()
    arena.reset()
    expect(frame().every((view, i) => view === first[i])).toBe(true)
    arena.reset()
    // Another kind, length or place makes another view.
    const others = [arena.alloc(Int32Array, 4), arena.alloc(Uint16Array, 3), arena.alloc(BigInt64Array, 1)]
    expect(others.some((view) => (first as unknown[]).includes(view))).toBe(false)
    expect(others.map((view) => view.constructor)).toEqual([Int32Array, Uint16Array, BigInt64Array])
    arena.dispose()
  })

  it('returns the right views when there are thousands of different ones', () => {
    const arena = new FrameArena(heap, 1 << 20)
    // 12 000 views is more than it remembers, so that it must forget some.
    for (let frame = 0; frame < 3; frame++) {
      for (let i = 0; i < 12_000; i++) {
        const view = i % 2 === 0 ? arena.alloc(Uint32Array, 1 + (i % 5)) : arena.alloc(Int16Array, i % 9)
        if (view.length !== (i % 2 === 0 ? 1 + (i % 5) : i % 9))
          throw new Error(`view ${i} is ${view.length} long`)
        if (view.byteOffset + view.byteLength > heap.bytes) throw new Error('past the end')
        if (!arena.ownsThisFrame(view)) throw new Error(`view ${i} lies elsewhere`)
        view.fill(i)
      }
      arena.reset()
    }
    arena.dispose()
  })

  it('remembers up to 8 192 views, then starts over', () => {
    const arena = new FrameArena(heap, 16 << 10)
    const lengths = Array.from({ length: 8193 }, (_, length) => {
      arena.reset()
      return arena.alloc(Uint8Array, length).length
    })
    expect(lengths).toEqual(lengths.map((_, i) => i))
    arena.reset()
    const forgotten = arena.alloc(Uint8Array, 100)
    arena.reset()
    expect(arena.alloc(Uint8Array, 100)).toBe(forgotten)
    arena.reset()
    // One view too many makes it start over, which forgets the earlier ones.
    for (let length = 0; length < 8193; length++) {
      arena.reset()
      arena.alloc(Uint8Array, length)
    }
    arena.reset()
    expect(arena.alloc(Uint8Array, 100)).not.toBe(forgotten)
    arena.dispose()
  })

  it('returns an empty view for a length of 0', () => {
    const arena = new FrameArena(heap, 16)
    expect(arena.alloc(Float32Array, 0)).toHaveLength(0)
    expect(arena.alloc(Float32Array, 4)).toHaveLength(4)
    expect(arena.used).toBe(16)
    arena.dispose()
  })

  describe('marks and scopes', () => {
    it('frees what came after a mark when it rewinds to it', () => {
      const arena = new FrameArena(heap, 1024)
      const kept = arena.alloc(Float32Array, 4)
      const mark = arena.mark()
      const dropped = arena.alloc(Float32Array, 8)
      arena.alloc(Float32Array, 8)
      arena.rewind(mark)
      expect(arena.used).toBe(16)
      expect(arena.ownsThisFrame(kept)).toBe(true)
      expect(arena.ownsThisFrame(dropped)).toBe(false)
      expect(arena.alloc(Float32Array, 8).byteOffset).toBe(dropped.byteOffset)
      arena.dispose()
    })

    it('nests marks, the latest first', () => {
      const arena = new FrameArena(heap, 1024)
      const outer = arena.mark()
      arena.alloc(Uint8Array, 1)
      const inner = arena.mark()
      arena.alloc(Uint8Array, 1)
      arena.rewind(inner)
      expect(arena.used).toBe(16)
      arena.rewind(inner)
      arena.rewind(outer)
      expect(arena.used).toBe(0)
      arena.dispose()
    })

    it('frees what a scope allocated, and returns what it returns', () => {
      const arena = new FrameArena(heap, 1024)
      arena.alloc(Uint8Array, 1)
      const sum = arena.scope((inner) => {
        const outerValues = inner.alloc(Float32Array, 8).fill(1)
        const nested = arena.scope(() => arena.alloc(Float32Array, 8).fill(2)[7])
        expect(arena.used).toBe(48)
        return outerValues[7] + nested
      })
      expect(sum).toBe(3)
      expect(arena.used).toBe(16)
      arena.dispose()
    })

    it('frees what a scope allocated when it throws', () => {
      const arena = new FrameArena(heap, 1024)
      expect(() =>
        arena.scope(() => {
          arena.alloc(Uint8Array, 100)
          throw new Error('from inside')
        }),
      ).toThrow('from inside')
      expect(arena.used).toBe(0)
      arena.dispose()
    })

    it('leaves the next frame alone when a scope resets the arena', () => {
      const arena = new FrameArena(heap, 1024)
      arena.scope(() => {
        arena.reset()
        arena.alloc(Uint8Array, 16)
      })
      expect(arena.used).toBe(16)
      arena.dispose()
    })

    it('leaves an outer rewind alone', () => {
      const arena = new FrameArena(heap, 1024)
      const mark = arena.mark()
      arena.alloc(Uint8Array, 16)
      arena.scope(() => arena.rewind(mark))
      expect(arena.used).toBe(0)
      arena.dispose()
    })
  })

  describe('spill blocks', () => {
    it('are taken when a frame needs more, and keep what was handed out', () => {
      const arena = new FrameArena(heap, 64)
      const a = arena.alloc(Uint8Array, 48).fill(1)
      const b = arena.alloc(Uint8Array, 48).fill(2)
      const c = arena.alloc(Uint8Array, 200).fill(3)
      expect(arena.spills).toBe(2)
      // The first block, another of its size, one as long as what did not fit (200, rounded up to 16).
      expect(arena.capacity).toBe(64 + 64 + 208)
      expect(arena.used).toBe(48 + 48 + 208)
      expect(new Set([...a, ...b, ...c])).toEqual(new Set([1, 2, 3]))
      expect([a, b, c].map((view) => arena.ownsThisFrame(view))).toEqual([true, true, true])
      arena.dispose()
    })

    it('are reused in the next frame, without new views', () => {
      const arena = new FrameArena(heap, 64)
      const frame = () => [
        arena.alloc(Uint8Array, 48),
        arena.alloc(Uint8Array, 48),
        arena.alloc(Uint8Array, 48),
      ]
      const first = frame()
      const { allocs } = heap.stats
      arena.reset()
      expect(arena.spills).toBe(0)
      expect(frame().every((view, i) => view === first[i])).toBe(true)
      expect(heap.stats.allocs).toBe(allocs)
      arena.dispose()
    })

    it('skip a block that is too short', () => {
      const arena = new FrameArena(heap, 64)
      arena.alloc(Uint8Array, 64)
      const short = arena.alloc(Uint8Array, 64)
      arena.alloc(Uint8Array, 64)
      arena.reset()
      arena.alloc(Uint8Array, 64)
      const long = arena.alloc(Uint8Array, 128)
      expect(arena.capacity).toBe(64 + 64 + 64 + 128)
      expect(arena.used).toBe(64 + 128)
      expect(arena.ownsThisFrame(long)).toBe(true)
      // It was used in the last frame, not in this one.
      expect(arena.ownsThisFrame(short)).toBe(false)
      arena.dispose()
    })

    it('are rewound across', () => {
      const arena = new FrameArena(heap, 64)
      const a = arena.alloc(Uint8Array, 32)
      const mark = arena.mark()
      const b = arena.alloc(Uint8Array, 64)
      const c = arena.alloc(Uint8Array, 64)
      expect(arena.used).toBe(32 + 64 + 64)
      arena.rewind(mark)
      expect(arena.used).toBe(32)
      expect([a, b, c].map((view) => arena.ownsThisFrame(view))).toEqual([true, false, false])
      expect(arena.alloc(Uint8Array, 32).byteOffset).toBe(a.byteOffset + 32)
      // The frame has used two, though it now needs one.
      arena.alloc(Uint8Array, 64)
      expect(arena.spills).toBe(2)
      arena.dispose()
    })

    it('start at multiples of 256, or of what is asked', () => {
      const arena = new FrameArena(heap, 8192)
      const wall = heap.alloc(16)
      arena.alloc(Uint8Array, 8192)
      const spilled = arena.alloc(Uint8Array, 8192)
      expect([spilled.byteOffset % 256, spilled.byteOffset % 4096]).toEqual([0, 256])
      arena.reset()
      arena.alloc(Uint8Array, 8192)
      // The next multiple of 4096 in the spill block that is there already; more than 4096 bytes follow it.
      expect(arena.alloc(Uint8Array, 4000, 4096).byteOffset).toBe(spilled.byteOffset + 4096 - 256)
      expect(arena.alloc(Uint8Array, 128, 1 << 15).byteOffset % (1 << 15)).toBe(0)
      expect(arena.spills).toBe(2)
      heap.free(wall)
      arena.dispose()
    })

    it('are freed after 120 resets in which no frame needed them', () => {
      const arena = new FrameArena(heap, 64)
      for (let i = 0; i < 3; i++) arena.alloc(Uint8Array, 64)
      expect(arena.capacity).toBe(192)
      // The first 120 resets count the frame that needed two.
      for (let i = 0; i < 120; i++) arena.reset()
      expect(arena.capacity).toBe(192)
      // One of the next 120 frames needs one.
      for (let i = 0; i < 2; i++) arena.alloc(Uint8Array, 64)
      for (let i = 0; i < 120; i++) arena.reset()
      expect(arena.capacity).toBe(128)
      arena.dispose()
    })

    it('stop at maxBytes with an error that names the option, and leave the arena usable', () => {
      const arena = new FrameArena(heap, 64, { maxBytes: 160, label: 'test arena' })
      arena.alloc(Uint8Array, 64)
      arena.alloc(Uint8Array, 64)
      let error: unknown
      try {
        arena.alloc(Uint8Array, 33)
      } catch (thrown) {
        error = thrown
      }
      expect(error).toBeInstanceOf(ArenaFull)
      expect(error).toMatchObject({ code: 'ArenaFull', asked: 33, used: 128, capacity: 128, maxBytes: 160 })
      expect((error as ArenaFull).message).toMatch(/test arena.*`frameArenaBytes`/)
      expect(arena.used).toBe(128)
      // 32 bytes are left below the cap.
      expect(arena.alloc(Uint8Array, 32)).toHaveLength(32)
      arena.dispose()
    })

    it('make room below maxBytes for a long block when they are idle', () => {
      const arena = new FrameArena(heap, 64, { maxBytes: 256 })
      for (let i = 0; i < 3; i++) arena.alloc(Uint8Array, 64)
      arena.reset()
      // The first block and 192 bytes: there is room for it once both spill blocks have gone.
      expect(arena.alloc(Uint8Array, 192)).toHaveLength(192)
      expect(arena.capacity).toBe(256)
      arena.dispose()
    })

    it('are shorter when the heap has no longer block', () => {
      const small = createHeap({ bytes: 64 << 10 })
      // 65 536 bytes less the first 64, then less 49 152 (which start at 256).
      const arena = new FrameArena(small, 48 << 10)
      arena.alloc(Uint8Array, 48 << 10)
      expect(arena.alloc(Uint8Array, 1000)).toHaveLength(1000)
      expect(arena.capacity).toBe((48 << 10) + 1008)
      expect(() => arena.alloc(Uint8Array, 40_000)).toThrow(HeapFull)
      expect(arena.alloc(Uint8Array, 8)).toHaveLength(8)
      arena.dispose()
      expect(small.leaks()).toEqual([])
    })
  })

  describe('counts', () => {
    it('keeps the high-water mark over frames', () => {
      const arena = new FrameArena(heap, 64)
      arena.scope(() => arena.alloc(Uint8Array, 100))
      expect(arena.highWater).toBe(112)
      arena.reset()
      arena.alloc(Uint8Array, 10)
      expect(arena.used).toBe(16)
      expect(arena.highWater).toBe(112)
      arena.alloc(Uint8Array, 200)
      expect(arena.highWater).toBe(16 + 208)
      arena.dispose()
    })

    it('counts allocations, those that were freed included', () => {
      const arena = new FrameArena(heap, 1024)
      arena.alloc(Float32Array, 10)
      const mark = arena.mark()
      arena.alloc(Float32Array, 3)
      arena.allocBytes(7)
      const counts = () => [arena.allocs, arena.count, arena.bytesAllocated]
      expect(counts()).toEqual([3, 3, 40 + 12 + 7])
      arena.rewind(mark)
      expect(counts()).toEqual([3, 1, 59])
      arena.reset()
      arena.reset()
      expect(counts()).toEqual([3, 0, 59])
      arena.dispose()
    })

    it('remembers a thousand allocations of one frame', () => {
      const arena = new FrameArena(heap, 16_000)
      const views = Array.from({ length: 1000 }, (_, i) => arena.alloc(Uint32Array, 1).fill(i))
      expect(views.map((view) => view[0])).toEqual(views.map((_, i) => i))
      const again = arena.scope(() => arena.alloc(Uint32Array, 0))
      expect(again).toHaveLength(0)
      expect(arena.count).toBe(1000)
      arena.dispose()
    })
  })

  describe('ownership', () => {
    it('recognises views that are alive in this frame, and parts of them', () => {
      const arena = new FrameArena(heap, 1024)
      const view = arena.alloc(Float32Array, 8)
      expect(arena.ownsThisFrame(view)).toBe(true)
      expect(arena.ownsThisFrame(view.subarray(2, 4))).toBe(true)
      expect(arena.ownsThisFrame(new Float32Array(8))).toBe(false)
      expect(arena.ownsThisFrame(new Uint8Array(heap.buffer, 0, 16))).toBe(false)
      expect(arena.ownsThisFrame(new Uint8Array(heap.buffer, view.byteOffset, 64))).toBe(false)
      arena.reset()
      expect(arena.ownsThisFrame(view)).toBe(false)
      arena.dispose()
      expect(arena.ownsThisFrame(view)).toBe(false)
    })

    it('tells a stale view from a new one in the same place (debug)', () => {
      const arena = new FrameArena(heap, 1024, { debug: true })
      const old = arena.alloc(Float32Array, 8)
      arena.reset()
      const young = arena.alloc(Float32Array, 8)
      expect(young.byteOffset).toBe(old.byteOffset)
      expect(arena.ownsThisFrame(young)).toBe(true)
      expect(arena.ownsThisFrame(old)).toBe(false)
      const mark = arena.mark()
      const rewound = arena.alloc(Float32Array, 8)
      arena.rewind(mark)
      expect(arena.ownsThisFrame(rewound)).toBe(false)
      expect(arena.ownsThisFrame(arena.alloc(Float32Array, 8))).toBe(true)
      expect(arena.ownsThisFrame(rewound)).toBe(false)
      arena.dispose()
    })

    it('poisons what it frees, so that floats read NaN (debug)', () => {
      const arena = new FrameArena(heap, 64, { debug: true })
      const kept = arena.alloc(Float32Array, 4).fill(1)
      const mark = arena.mark()
      const spilled = arena.alloc(Float32Array, 16).fill(2)
      arena.rewind(mark)
      expect([...spilled].every(Number.isNaN)).toBe(true)
      expect([...kept]).toEqual([1, 1, 1, 1])
      arena.reset()
      expect([...kept].every(Number.isNaN)).toBe(true)
      // What was never written reads NaN too.
      expect([...arena.alloc(Float32Array, 8)].every(Number.isNaN)).toBe(true)
      arena.dispose()
    })

    it('poisons nothing but its own memory (debug)', () => {
      const arena = new FrameArena(heap, 64, { debug: true, maxBytes: 4096 })
      const between = heap.alloc(512)
      const bytes = new Uint8Array(heap.buffer, between.offset, 512).fill(7)
      const views = [64, 1024, 1024].map((length) => arena.alloc(Uint8Array, length).fill(1))
      expect(views[1].byteOffset).toBeGreaterThan(between.offset)
      arena.reset()
      expect(views.every((view) => view.every((byte) => byte === 0xff))).toBe(true)
      expect(bytes.every((byte) => byte === 7)).toBe(true)
      heap.free(between)
      arena.dispose()
    })

    it('holds marks of its own present frame only', () => {
      const [a, b] = [new FrameArena(heap, 64), new FrameArena(heap, 64)]
      const mark = a.mark()
      expect([a.holds(mark), b.holds(mark), a.holds(b.mark())]).toEqual([true, false, false])
      a.reset()
      b.reset()
      expect([a.holds(mark), b.holds(mark)]).toEqual([false, false])
      a.dispose()
      b.dispose()
    })
  })

  it('refuses to allocate after dispose, which may be called twice', () => {
    const arena = new FrameArena(heap, 64)
    arena.alloc(Uint8Array, 100)
    arena.dispose()
    arena.dispose()
    expect(() => arena.alloc(Uint8Array, 0)).toThrow(ArenaDisposed)
    for (let i = 0; i < 200; i++) arena.reset()
    expect([arena.used, arena.capacity, arena.count]).toEqual([0, 0, 0])
  })

  // The model: the bytes each living view must hold. Views overlap if one of them reads what another wrote.
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ length: fc.nat(100), align: fc.constantFrom(1, 16, 64, 1024) }) },
    { weight: 2, arbitrary: fc.constant('mark' as const) },
    { weight: 2, arbitrary: fc.constant('rewind' as const) },
    { weight: 1, arbitrary: fc.constant('reset' as const) },
  )
  it.each([false, true])('never lets two living views overlap (debug: %s)', (debug) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const arena = new FrameArena(heap, 256, { maxBytes: 1 << 20, debug })
        let alive: Uint16Array[] = []
        let marks: { mark: ArenaMark; alive: number }[] = []
        let serial = 0
        for (const step of steps) {
          if (step === 'reset') {
            arena.reset()
            alive = []
            marks = []
          } else if (step === 'mark') {
            marks.push({ mark: arena.mark(), alive: alive.length })
          } else if (step === 'rewind') {
            const last = marks.pop()
            if (last === undefined) continue
            arena.rewind(last.mark)
            alive.length = last.alive
          } else {
            const view = arena.alloc(Uint16Array, step.length, step.align)
            expect(view.byteOffset % step.align).toBe(0)
            alive.push(view)
          }
          for (const view of alive) view.fill(++serial)
          expect(alive.every((view, i) => view.every((n) => n === serial - alive.length + 1 + i))).toBe(true)
          expect(alive.every((view) => arena.ownsThisFrame(view))).toBe(true)
          expect(arena.count).toBe(alive.length)
          const bytes = alive.reduce((sum, view) => sum + view.byteLength, 0)
          expect(arena.used).toBeGreaterThanOrEqual(bytes)
          expect(arena.used).toBeLessThanOrEqual(arena.capacity)
        }
        arena.dispose()
        expect(heap.leaks()).toEqual([])
      }),
      { numRuns: 100 },
    )
  })
})
