import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  columnsInfo,
  createHeap,
  DirtyRows,
  DoubleFree,
  f32,
  HeapFull,
  mat4x4f,
  ReserveRefused,
  struct,
} from '../src/index.ts'
import type * as core from '../src/index.ts'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

const KIB = 1024

describe('createHeap', () => {
  it('reserves 256 MiB of WebAssembly memory', () => {
    const heap = createHeap()
    expect(heap.bytes).toBe(256 * KIB * KIB)
    expect(heap.memory).toBeInstanceOf(WebAssembly.Memory)
    expect(heap.memory?.buffer).toBe(heap.buffer)
    expect(heap.stats).toMatchObject({ blocks: 0, touched: 64 })
  })

  it('rounds up to pages of 64 KiB', () => {
    expect(createHeap({ bytes: 1 }).bytes).toBe(64 * KIB)
    expect(createHeap({ bytes: 64 * KIB + 1 }).bytes).toBe(128 * KIB)
  })

  /** The platform's WebAssembly with some of its parts replaced. */
  function stubWebAssembly(parts: Partial<Record<keyof typeof WebAssembly, unknown>>): void {
    const names = Object.getOwnPropertyNames(WebAssembly)
    const own = Object.fromEntries(names.map((name) => [name, Reflect.get(WebAssembly, name) as unknown]))
    vi.stubGlobal('WebAssembly', { ...own, ...parts })
  }

  function limitMemory(pages: number): void {
    const { Memory } = WebAssembly
    stubWebAssembly({
      Memory: class extends Memory {
        constructor(descriptor: WebAssembly.MemoryDescriptor) {
          if (descriptor.initial > pages) throw new RangeError('could not allocate memory')
          super(descriptor)
        }
      },
    })
  }

  it('halves the reservation until the platform grants it, and reports what it took', () => {
    limitMemory(100)
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const heap = createHeap({ bytes: 16 << 20, label: 'Level' })
    // 256 pages are refused, and 128; 64 pages are 4 MiB.
    expect(heap.bytes).toBe(4 << 20)
    expect(heap.stats).toMatchObject({ bytes: 4 << 20, askedBytes: 16 << 20 })
    expect(warn).toHaveBeenCalledOnce()
    expect(warn.mock.calls[0][0]).toMatch(/Level has 4194304 bytes.*16777216/)
    heap.alloc(3 << 20)
  })

  it('gives up below 1 MiB, or at once when the exact size is required', () => {
    limitMemory(8)
    expect(() => createHeap({ bytes: 16 << 20, memory: 'wasm' })).toThrow(ReserveRefused)
    limitMemory(100)
    let error: unknown
    try {
      createHeap({ bytes: 16 << 20, exact: true, memory: 'wasm' })
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(ReserveRefused)
    expect(error).toMatchObject({ code: 'ReserveRefused', asked: 16 << 20, smallest: 16 << 20 })
    expect((error as Error).cause).toBeInstanceOf(RangeError)
  })

  // What is said once must be said by each of these tests, so each has a copy of the module of its own.
  async function freshCore(): Promise<typeof core> {
    vi.resetModules()
    return import('../src/index.ts')
  }

  it('is a plain buffer without WebAssembly, and warns once', async () => {
    vi.stubGlobal('WebAssembly', undefined)
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const fresh = await freshCore()
    const heap = fresh.createHeap({ bytes: 128 * KIB })
    fresh.createHeap({ bytes: 64 * KIB })
    expect(heap.memory).toBeUndefined()
    expect(heap.kernels.kind).toBe('js')
    expect(heap.buffer.byteLength).toBe(128 * KIB)
    const block = heap.alloc(16)
    expect(new Float32Array(heap.buffer, block.offset, 4).fill(2)).toEqual(new Float32Array([2, 2, 2, 2]))
    expect(warn).toHaveBeenCalledOnce()
    expect(warn.mock.calls[0][0]).toMatch(/no WebAssembly/)
  })

  it('is a plain buffer when WebAssembly gives no memory, and warns once', async () => {
    limitMemory(0)
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const fresh = await freshCore()
    const heap = fresh.createHeap({ bytes: 16 << 20 })
    fresh.createHeap({ bytes: 1 << 20, exact: true })
    expect(heap.memory).toBeUndefined()
    expect(heap.kernels.kind).toBe('js')
    // All of it: what WebAssembly refuses says nothing about what there is.
    expect(heap.bytes).toBe(16 << 20)
    expect(warn).toHaveBeenCalledOnce()
    expect(warn.mock.calls[0][0]).toMatch(/WebAssembly gives no memory here/)
  })

  it('is a plain buffer on request, without a warning', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const fresh = await freshCore()
    const heap = fresh.createHeap({ bytes: 64 * KIB, memory: 'plain' })
    expect([heap.memory, heap.kernels.kind]).toEqual([undefined, 'js'])
    expect(warn).not.toHaveBeenCalled()
  })

  it('hands out nothing that ends at 2³², which kernels would read as 0', () => {
    const heap = createHeap({ bytes: 2 ** 32 })
    const { free, largestFree, used } = heap.stats
    expect([free + used, largestFree]).toEqual([2 ** 32, 2 ** 32 - 128])
    const block = heap.alloc(largestFree)
    expect(block.offset + block.size).toBe(2 ** 32 - 64)
    expect(() => heap.alloc(1)).toThrow(expect.objectContaining({ code: 'HeapFull' }))
  })

  it('has JavaScript kernels when a security policy refuses modules, and warns once', async () => {
    stubWebAssembly({
      Module: function () {
        throw new WebAssembly.CompileError("Refused to compile: 'wasm-unsafe-eval' is not allowed")
      },
    })
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const fresh = await freshCore()
    const heap = fresh.createHeap({ bytes: 64 * KIB })
    fresh.createHeap({ bytes: 64 * KIB })
    expect(heap.memory).toBeDefined()
    expect(heap.kernels.kind).toBe('js')
    expect(warn).toHaveBeenCalledOnce()
    expect(warn.mock.calls[0][0]).toMatch(/wasm-unsafe-eval/)
  })

  it('has SIMD kernels where possible, and JavaScript kernels on request, without a warning', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const fresh = await freshCore()
    expect(fresh.createHeap({ bytes: 64 * KIB }).kernels.kind).toBe('wasm-simd')
    expect(fresh.createHeap({ bytes: 64 * KIB, kernels: 'js' }).kernels.kind).toBe('js')
    expect(warn).not.toHaveBeenCalled()
  })
})

describe('Heap', () => {
  it('hands out blocks that do not overlap, aligned to 16 or more, never at 0', () => {
    const heap = createHeap({ bytes: 64 * KIB })
    const a = heap.alloc(100)
    const b = heap.alloc(1)
    const c = heap.alloc(8, 4096)
    expect(a.size).toBe(100)
    expect(a.offset).toBeGreaterThan(0)
    expect(b.offset).toBe(a.offset + 112)
    expect(a.offset % 16).toBe(0)
    expect(c.offset).toBe(4096)
    expect(heap.alloc(4, 1).offset % 16).toBe(0)
  })

  it('lists what is still allocated, with labels', () => {
    const heap = createHeap({ bytes: 64 * KIB })
    const position = heap.alloc(400, 16, 'Position.x')
    const arena = heap.alloc(1000, 16, 'frame arena')
    expect(heap.leaks()).toEqual([
      { label: 'Position.x', offset: position.offset, size: 400 },
      { label: 'frame arena', offset: arena.offset, size: 1000 },
    ])
    heap.free(position)
    expect(heap.leaks().map((leak) => leak.label)).toEqual(['frame arena'])
    heap.free(arena)
    expect(heap.leaks()).toEqual([])
  })

  it('counts blocks, bytes and frees', () => {
    const heap = createHeap({ bytes: 64 * KIB })
    const a = heap.alloc(100)
    heap.alloc(16)
    heap.free(a)
    expect(heap.stats).toEqual({
      bytes: 65_536,
      askedBytes: 65_536,
      // The first 64 bytes and the second block.
      used: 64 + 16,
      free: 65_536 - 80,
      // What lies behind both: 64 + 112 + 16 bytes are before it.
      largestFree: 65_536 - 192,
      touched: 192,
      blocks: 1,
      allocs: 2,
      frees: 1,
    })
  })

  it('hands out zeros where memory was used before', () => {
    const heap = createHeap({ bytes: 64 * KIB })
    const dirty = heap.alloc(1000)
    new Uint8Array(heap.buffer, dirty.offset, 1008).fill(255)
    heap.free(dirty)
    // Longer than what was written: the first part was used before, the rest never was.
    const clean = heap.alloc(5000)
    expect(clean.offset).toBe(dirty.offset)
    expect(new Uint8Array(heap.buffer, clean.offset, 5000).every((byte) => byte === 0)).toBe(true)
  })

  it('hands out zeros to the last byte of a shorter block, padding included', () => {
    const heap = createHeap({ bytes: 64 * KIB })
    const dirty = heap.alloc(1000)
    const bytes = new Uint8Array(heap.buffer, dirty.offset, 1008).fill(255)
    heap.free(dirty)
    expect(heap.alloc(100).offset).toBe(dirty.offset)
    // 100 bytes take 112.
    expect([bytes.indexOf(255), bytes.lastIndexOf(0)]).toEqual([112, 111])
  })

  it('hands out zeros where memory was used before, also after a lower block came and went', () => {
    const heap = createHeap({ bytes: 64 * KIB })
    const below = heap.alloc(100)
    const dirty = heap.alloc(1000)
    new Uint8Array(heap.buffer, dirty.offset, 1000).fill(255)
    heap.free(below)
    expect(heap.alloc(50).offset).toBe(below.offset)
    heap.free(dirty)
    const clean = heap.alloc(1000)
    expect(clean.offset).toBeLessThanOrEqual(dirty.offset)
    expect(new Uint8Array(heap.buffer, clean.offset, 1000).every((byte) => byte === 0)).toBe(true)
  })

  it('recognises a freed block however often its place was reused', () => {
    const heap = createHeap({ bytes: 64 * KIB })
    const stale = heap.alloc(16, 16, 'weights')
    heap.free(stale)
    // The generation of a range starts over after 256 frees; a block is known by itself.
    for (let i = 0; i < 255; i++) heap.free(heap.alloc(16))
    const young = heap.alloc(16)
    expect(young.offset).toBe(stale.offset)
    expect(() => heap.free(stale)).toThrow(DoubleFree)
    expect(() => heap.free(stale)).toThrow(/weights/)
    heap.free(young)
  })

  it('keeps its views valid through all allocations and frees', () => {
    const heap = createHeap({ bytes: 1 << 20 })
    const block = heap.alloc(64)
    const view = new Float32Array(heap.buffer, block.offset, 16).fill(3)
    for (let i = 0; i < 1000; i++) heap.free(heap.alloc(1 + ((i * 997) % 900_000)))
    expect(() => heap.alloc(1 << 20)).toThrow(HeapFull)
    expect(view).toEqual(new Float32Array(16).fill(3))
    expect(heap.buffer.byteLength).toBe(1 << 20)
  })

  it('can be filled completely again and again', () => {
    const heap = createHeap({ bytes: 64 * KIB })
    for (let i = 0; i < 3; i++) {
      const blocks = Array.from({ length: 50 }, (_, n) => heap.alloc(n * 13))
      for (const block of blocks) heap.free(block)
      heap.free(heap.alloc(64 * KIB - 64))
    }
    expect(heap.stats).toMatchObject({ used: 64, blocks: 0 })
  })

  it('reports what is missing when it is full, and which option to raise', () => {
    const heap = createHeap({ bytes: 64 * KIB, label: 'World heap' })
    const blocks = [heap.alloc(20_000), heap.alloc(20_000, 16, 'wall'), heap.alloc(20_000)]
    heap.free(blocks[0])
    const before = heap.stats
    let error: unknown
    try {
      heap.alloc(24_000, 16, 'Position.x')
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(HeapFull)
    // 65 536 − 64 − 2 × 20 000 are free; the first block left the longest piece.
    expect(error).toMatchObject({
      code: 'HeapFull',
      heap: 'World heap',
      label: 'Position.x',
      asked: 24_000,
      free: 25_472,
      largestFree: 20_000,
      bytes: 65_536,
    })
    expect((error as HeapFull).message).toMatch(/Position\.x.*`bytes` of createHeap.*`heapBytes`/)
    expect(heap.stats).toEqual(before)
    expect(heap.alloc(20_000)).toMatchObject({ size: 20_000 })
  })

  it('gives an empty block its own place', () => {
    const heap = createHeap({ bytes: 64 * KIB })
    const [a, b] = [heap.alloc(0), heap.alloc(0)]
    expect(a.size).toBe(0)
    expect(a.offset).not.toBe(b.offset)
    heap.free(a)
    heap.free(b)
  })

  it('creates stores: columns and rows for ids 0 … capacity', () => {
    const heap = createHeap({ bytes: 1 << 20 })
    const Position = heap.columns({ x: f32, y: f32 }, 1000, 'Position')
    const Transform = heap.rows(struct({ matrix: mat4x4f }), 1000)
    expect(Position.x).toHaveLength(1001)
    expect(Position.x.buffer).toBe(heap.buffer)
    Transform.matrix(1000).fill(1)
    expect(Transform.f32.subarray(16_000)).toEqual(new Float32Array(16).fill(1))
    // Two columns with 1001 slots of 4 bytes, each rounded up to 1088; 1001 rows of 64.
    expect(heap.leaks()).toMatchObject([
      { label: 'Position', size: 2 * 1088 * 4 },
      { label: 'rows', size: 1001 * 64 },
    ])
    const block = columnsInfo(Position)?.block
    if (block !== undefined) heap.free(block)
    expect(heap.leaks()).toHaveLength(1)
  })

  it('has kernels that work on its memory', () => {
    const heap = createHeap({ bytes: 1 << 20, kernels: 'js' })
    expect(heap.kernels.kind).toBe('js')
    const block = heap.alloc(4096)
    const words = new Uint32Array(heap.buffer, block.offset, 1024)
    // Rows of 8 bytes at the start of the block: row r holds 10 r and 10 r + 1.
    for (let row = 0; row < 64; row++) words.set([10 * row, 10 * row + 1], row * 2)
    const place = heap.alloc(DirtyRows.bytesFor(64))
    const dirty = new DirtyRows(64, { buffer: heap.buffer, offset: place.offset })
    for (const row of [3, 40]) dirty.set(row)
    const gathered = heap.kernels.gather(
      dirty.offset,
      dirty.summaryOffset,
      0,
      64,
      block.offset,
      8,
      block.offset + 1024,
      block.offset + 2048,
    )
    expect(gathered).toBe(2)
    expect([...words.subarray(256, 260)]).toEqual([30, 31, 400, 401])
    expect([...words.subarray(512, 514)]).toEqual([3, 40])
  })
})
