import {
  array,
  atomic,
  f32,
  InvalidAlignment,
  InvalidLayout,
  InvalidSchema,
  InvalidValue,
  struct,
  u32,
  vec4f,
} from '@memkit/core'
import {
  AlreadyMapped,
  BackendInUse,
  BufferDestroyed,
  BufferInUse,
  BufferMapped,
  BufferTooLarge,
  CopyUnsupported,
  DawnMissing,
  DeviceLost,
  DummyBackend,
  ForeignBuffer,
  MemoryUnsupported,
  MisalignedCopy,
  MkBufferUsage,
  MkGpu,
  MkGpuPool,
  MkMemoryType,
  NotFromPool,
  NotMappable,
  NotMapped,
  OutOfRange,
  OverlappingCopy,
  PoolFull,
  ScatterUnavailable,
  UsageMissing,
  UsageUnsupported,
} from '@memkit/gpu'
import type { ScatterJob } from '@memkit/gpu'
import { MkSubAllocator } from '@memkit/gpu/sub-allocator'
import { afterAll, expect, vi } from 'vitest'
import * as core from '@memkit/core'
import * as gpuPackage from '@memkit/gpu'
import { ConformanceFailure } from '@memkit/gpu/conformance'
import { describeBadInput, ownErrors, type BadInput } from '@memkit/testing/bad-input'

const { INDEX, INDIRECT, STORAGE, TRANSFER_DST, TRANSFER_SRC, UNIFORM, VERTEX } = MkBufferUsage
const { DeviceLocal, HostCached, HostVisible, Unified } = MkMemoryType
const BOTH = TRANSFER_SRC | TRANSFER_DST

/** A gpu with a buffer in every state that there is, and two more that cannot do everything. */
async function setUp() {
  // Room for 1 MiB a buffer, of which shaders see a quarter.
  const capabilities = { maxStorageBufferBindingSize: 256 << 10, maxUniformBufferBindingSize: 1024 }
  const backend = new DummyBackend({ maxBufferSize: 1 << 20, capabilities })
  const gpu = new MkGpu(backend)
  await gpu.prepareScatter()
  const a = gpu.createDeviceBuffer(64, BOTH | STORAGE, { label: 'a' })
  const b = gpu.createDeviceBuffer(64, BOTH | STORAGE, { label: 'b' })
  const odd = gpu.createDeviceBuffer(10, BOTH, { label: 'odd' })
  const mesh = gpu.createDeviceBuffer(64, VERTEX, { label: 'mesh' })
  const big = gpu.createDeviceBuffer(512 << 10, BOTH | STORAGE, { label: 'big' })
  const gone = gpu.createDeviceBuffer(64, BOTH, { label: 'gone' })
  gone.destroy()
  const mapped = gpu.createStagingBuffer(64, { label: 'mapped', mapped: true })
  const staging = gpu.createStagingBuffer(64, { label: 'staging' })
  const recorded = gpu.createStagingBuffer(64, { label: 'recorded' })
  gpu.copy(recorded, 0, big, 0, 64)
  const indices = gpu.indexBuffer(new Uint16Array([0, 1, 2, 3]), { label: 'indices' })
  const vertices = gpu.vertexBuffer(new Float32Array(4), { label: 'vertices' })
  const particles = gpu.storageBuffer(vec4f, 4, { label: 'particles' })
  const pool = new MkGpuPool(gpu, { usage: BOTH, label: 'meshes', maxBytes: 1024 })
  const pooled = pool.acquire(512)
  const released = pool.acquire(512)
  pool.release(released)
  const slices = new MkSubAllocator(gpu, { usage: BOTH, label: 'bones', pageBytes: 1024, maxBytes: 1024 })
  const slice = slices.alloc(100, 'arm')
  const freed = slices.alloc(100, 'leg')
  freed.free()
  const batch = gpu.batchTransfer().copy(a, b, { size: 4 })
  const words = Uint32Array.from({ length: 16 }, (_, i) => i + 1)
  gpu.write(a, 0, words.buffer)

  const plain = new MkGpu(
    new DummyBackend({
      capabilities: {
        usages: BOTH | VERTEX | INDEX | UNIFORM,
        indexIsExclusive: true,
        storage: false,
        scatter: false,
        indirect: false,
        maxStorageBufferBindingSize: 0,
      },
    }),
  )
  const plainVertices = plain.createDeviceBuffer(4, VERTEX | BOTH)
  const plainIndices = plain.createDeviceBuffer(4, INDEX | BOTH)
  const other = new MkGpu(new DummyBackend())
  const lost = new MkGpu(new DummyBackend())
  const ofLost = lost.createDeviceBuffer(64, BOTH, { label: 'of lost' })
  lost.backend.lose('unplugged')
  await lost.lost
  const buffers = [a, b, odd, mesh, big, indices, vertices, particles, slice.buffer, pooled]
  const job: ScatterJob<DummyBackend> = {
    payload: b,
    stride: 16,
    count: 2,
    payloadOffset: 0,
    indexOffset: 48,
  }
  return {
    ...{ gpu, backend, a, b, odd, mesh, big, gone, mapped, staging, recorded, indices, vertices, particles },
    ...{ pool, pooled, released, slices, slice, freed, batch, other, lost, ofLost, job },
    ...{ plain, plainVertices, plainIndices },
    source: new ArrayBuffer(64),
    foreign: other.createDeviceBuffer(64, BOTH | STORAGE, { label: 'from elsewhere' }),
    state: () => ({
      stats: structuredClone({ ...gpu.stats, calls: gpu.calls }),
      leaks: [gpu, plain, other].map((each) => each.leaks()),
      serials: [gpu.serial, gpu.completedSerial, backend.callCount],
      states: [mapped, staging, recorded].map((each) => each.state),
      mapped: [...mapped.bytes],
      pool: structuredClone(pool.stats),
      slices: structuredClone(slices.stats),
      batch: batch.length,
      bytes: buffers.map(({ native }) =>
        native.words.reduce((hash, word) => (Math.imul(hash, 31) + word) | 0, 0),
      ),
    }),
    works: async () => {
      await batch.submit().done
      expect([...new Uint32Array(await gpu.read(b, 0, 8))]).toEqual([1, 0])
      gpu.write(b, 0, words.buffer)
      gpu.scatter(a, { ...job, count: 1, indexOffset: 60 })
      // Row 16 of four-word rows, as word 15 of b says, is past the end: dropped. Then row 1 gets words 0 to 3.
      gpu.write(b, 60, new Uint32Array([1]).buffer)
      await gpu.waitIdle()
      expect([...new Uint32Array(await gpu.read(a, 16, 16))]).toEqual([1, 2, 3, 4])
      const bytes = await staging.map()
      bytes.fill(9)
      staging.unmap()
      await gpu.transfer(staging, a).done
      expect(new Uint8Array(await gpu.read(a)).every((byte) => byte === 9)).toBe(true)
      pool.release(pooled)
      expect(pool.acquire(500)).toBe(pooled)
      slice.write(words.buffer)
      expect([...new Uint32Array(await slice.read(0, 64))]).toEqual([...words])
      expect(slices.alloc(200).size).toBe(200)
    },
    end: () => {
      for (const each of [gpu, plain, other]) each.destroy()
    },
  }
}

type Row = BadInput<Awaited<ReturnType<typeof setUp>>>
const any = (thing: unknown): never => thing as never
const noSize = [0, -4, 1.5, Number.NaN, Infinity]
const noOffset = [-4, 0.5, Number.NaN, 68, 2 ** 33]

const creation: readonly Row[] = [
  ...noSize.flatMap((size): Row[] => [
    [
      `a device buffer of ${size} bytes`,
      OutOfRange,
      ({ gpu }) => gpu.createDeviceBuffer(size, VERTEX),
      { what: 'size', value: size, min: 1, max: 1 << 20 },
    ],
    [`a staging buffer of ${size} bytes`, OutOfRange, ({ gpu }) => gpu.createStagingBuffer(size)],
  ]),
  [
    'a device buffer above the limit',
    BufferTooLarge,
    ({ gpu }) => gpu.createDeviceBuffer(2 ** 33, VERTEX, { label: 'terrain' }),
    { label: 'terrain', requested: 2 ** 33, max: 1 << 20, limit: 'maxBufferSize' },
  ],
  ['a staging buffer above the limit', BufferTooLarge, ({ gpu }) => gpu.createStagingBuffer((1 << 20) + 1)],
  ...[0, 0x200, -1, 1.5, Number.NaN].map((usage): Row => [
    `usage ${usage}`,
    UsageUnsupported,
    ({ gpu }) => gpu.createDeviceBuffer(4, usage),
  ]),
  [
    'a usage that the backend lacks',
    UsageUnsupported,
    ({ plain }) => plain.createDeviceBuffer(4, VERTEX | INDIRECT),
    { usage: INDIRECT, backend: 'dummy' },
  ],
  [
    'INDEX with another role where it is exclusive',
    UsageUnsupported,
    ({ plain }) => plain.createDeviceBuffer(4, INDEX | VERTEX),
  ],
  ['storage where there is none', UsageUnsupported, ({ plain }) => plain.storageBuffer(f32, 4)],
  [
    'a device buffer in memory of the CPU',
    MemoryUnsupported,
    ({ gpu }) => gpu.createDeviceBuffer(4, VERTEX, { memory: HostVisible }),
    { memory: HostVisible, supported: DeviceLocal },
  ],
  [
    'unified memory where there is none',
    MemoryUnsupported,
    ({ gpu }) => gpu.createStagingBuffer(4, { memory: Unified }),
  ],
  [
    'a readback buffer that starts mapped',
    NotMappable,
    ({ gpu }) => gpu.createStagingBuffer(4, { memory: HostCached, mapped: true }),
  ],
  ['a second gpu on one backend', BackendInUse, ({ backend }) => new MkGpu(backend)],
]

const writes: readonly Row[] = [
  ...noOffset.flatMap((offset): Row[] => [
    [
      `a write at byte ${offset} of 64`,
      OutOfRange,
      ({ gpu, a, source }) => gpu.write(a, offset, source, 0, 4),
      { what: 'dstOffset', value: offset, min: 0, max: 64 },
    ],
    [
      `a write from byte ${offset} of 64`,
      OutOfRange,
      ({ gpu, a, source }) => gpu.write(a, 0, source, offset, 4),
    ],
    [`a copy from byte ${offset} of 64`, OutOfRange, ({ gpu, a, b }) => gpu.copy(a, offset, b, 0, 4)],
    [`a copy to byte ${offset} of 64`, OutOfRange, ({ gpu, a, b }) => gpu.copy(a, 0, b, offset, 4)],
    [
      `a read from byte ${offset} of 64`,
      OutOfRange,
      ({ gpu, a }) => gpu.read(a, offset, 4),
      { what: 'offset' },
    ],
  ]),
  [
    'a write of more than the buffer has left',
    OutOfRange,
    ({ gpu, a, source }) => gpu.write(a, 32, source),
    { what: 'size', max: 32 },
  ],
  [
    'a write of more than the source has',
    OutOfRange,
    ({ gpu, a, source }) => gpu.write(a, 0, source, 32, 64),
  ],
  ['a write of −4 bytes', OutOfRange, ({ gpu, a, source }) => gpu.write(a, 0, source, 0, -4)],
  [
    'a write at byte 2',
    MisalignedCopy,
    ({ gpu, a, source }) => gpu.write(a, 2, source, 0, 4),
    { what: 'dstOffset', multipleOf: 4 },
  ],
  [
    'a write from byte 2',
    MisalignedCopy,
    ({ gpu, a, source }) => gpu.write(a, 0, source, 2, 4),
    { what: 'srcOffset' },
  ],
  [
    'a write of 6 bytes',
    MisalignedCopy,
    ({ gpu, a, source }) => gpu.write(a, 0, source, 0, 6),
    { what: 'size', value: 6 },
  ],
  [
    'a write of a view',
    InvalidValue,
    ({ gpu, a }) => gpu.write(a, 0, any(new Float32Array(4))),
    { path: 'source' },
  ],
  [
    'a write into a vertex buffer without TRANSFER_DST',
    UsageMissing,
    ({ gpu, mesh, source }) => gpu.write(mesh, 0, source),
    { label: 'mesh', needed: TRANSFER_DST },
  ],
  [
    'a write into a destroyed buffer',
    BufferDestroyed,
    ({ gpu, gone, source }) => gpu.write(gone, 0, source),
    { label: 'gone' },
  ],
  [
    'a write into a buffer of another gpu',
    ForeignBuffer,
    ({ gpu, foreign, source }) => gpu.write(foreign, 0, source),
    { label: 'from elsewhere' },
  ],
  ['a copy from byte 2', MisalignedCopy, ({ gpu, a, b }) => gpu.copy(a, 2, b, 0, 4)],
  ['a copy of 6 bytes into the middle', MisalignedCopy, ({ gpu, a, b }) => gpu.copy(a, 0, b, 0, 6)],
  [
    'a copy of more than the target has',
    OutOfRange,
    ({ gpu, a, odd }) => gpu.copy(a, 0, odd, 0, 64),
    { what: 'size', max: 10 },
  ],
  [
    'a copy onto itself',
    OverlappingCopy,
    ({ gpu, a }) => gpu.copy(a, 0, a, 4, 8),
    { label: 'a', srcOffset: 0, dstOffset: 4, size: 8 },
  ],
  [
    'vertices copied to indices where the device keeps these apart',
    CopyUnsupported,
    ({ plain, plainVertices, plainIndices }) => plain.copy(plainVertices, 0, plainIndices, 0, 4),
    { backend: 'dummy' },
  ],
  [
    'a copy out of a buffer without TRANSFER_SRC',
    UsageMissing,
    ({ gpu, a, mesh }) => gpu.copy(mesh, 0, a, 0, 4),
    { needed: TRANSFER_SRC },
  ],
  [
    'a copy out of a mapped buffer',
    BufferMapped,
    ({ gpu, a, mapped }) => gpu.copy(mapped, 0, a, 0, 4),
    { label: 'mapped' },
  ],
  ['a copy out of a destroyed buffer', BufferDestroyed, ({ gpu, a, gone }) => gpu.copy(gone, 0, a, 0, 4)],
  ['a transfer to another gpu', ForeignBuffer, ({ gpu, a, foreign }) => gpu.transfer(a, foreign)],
  ['a transfer past the end', OutOfRange, ({ gpu, a, odd }) => gpu.transfer(a, odd)],
  [
    'a copy that does not fit into a batch',
    OutOfRange,
    ({ batch, a, b }) => batch.copy(a, b, { srcOffset: 60, size: 8 }),
  ],
  ['a read of a buffer without TRANSFER_SRC', UsageMissing, ({ gpu, mesh }) => gpu.read(mesh)],
  ['a read of a destroyed buffer', BufferDestroyed, ({ gpu, gone }) => gpu.read(gone)],
  ['a read past the end', OutOfRange, ({ gpu, a }) => gpu.read(a, 60, 8), { what: 'size', max: 4 }],
  [
    'a serial that was not handed out',
    OutOfRange,
    ({ gpu }) => gpu.whenCompleted(99),
    { what: 'serial', value: 99 },
  ],
  [
    'a write to a lost device',
    DeviceLost,
    ({ lost, ofLost, source }) => lost.write(ofLost, 0, source),
    { reason: 'unknown' },
  ],
  ['a buffer of a lost device', DeviceLost, ({ lost }) => lost.createDeviceBuffer(4, VERTEX)],
  ['a read of a lost device', DeviceLost, ({ lost, ofLost }) => lost.read(ofLost)],
]

const scatters: readonly Row[] = [
  [
    'a scatter before it is prepared',
    ScatterUnavailable,
    ({ other, foreign, job }) => other.scatter(foreign, { ...job, payload: foreign }),
    { later: true },
  ],
  [
    'rows of 6 bytes',
    MisalignedCopy,
    ({ gpu, a, job }) => gpu.scatter(a, { ...job, stride: 6 }),
    { what: 'stride' },
  ],
  [
    'rows of 0 bytes',
    OutOfRange,
    ({ gpu, a, job }) => gpu.scatter(a, { ...job, stride: 0 }),
    { what: 'stride' },
  ],
  [
    'more rows than the payload holds',
    OutOfRange,
    ({ gpu, a, job }) => gpu.scatter(a, { ...job, count: 5 }),
    { what: 'count', max: 4 },
  ],
  ['row numbers past the end', OutOfRange, ({ gpu, a, job }) => gpu.scatter(a, { ...job, indexOffset: 60 })],
  ['rows at byte 2', MisalignedCopy, ({ gpu, a, job }) => gpu.scatter(a, { ...job, payloadOffset: 2 })],
  ['rows scattered onto themselves', OverlappingCopy, ({ gpu, b, job }) => gpu.scatter(b, job)],
  [
    'a scatter into a buffer without STORAGE',
    UsageMissing,
    ({ gpu, mesh, job }) => gpu.scatter(mesh, job),
    { needed: STORAGE },
  ],
  [
    'a scatter into more than shaders see',
    BufferTooLarge,
    ({ gpu, big, job }) => gpu.scatter(big, job),
    { requested: 512 << 10, max: 256 << 10, limit: 'maxStorageBufferBindingSize' },
  ],
]

const staging: readonly Row[] = [
  [
    'bytes of what is not mapped',
    NotMapped,
    ({ staging }) => staging.bytes,
    { label: 'staging', state: 'unmapped' },
  ],
  ['a write into what is not mapped', NotMapped, ({ staging }) => staging.write(new Uint8Array(4))],
  ['a flush of what is not mapped', NotMapped, ({ staging }) => staging.flush()],
  ['unmapping what is not mapped', NotMapped, ({ staging }) => staging.unmap()],
  ['mapping twice', AlreadyMapped, ({ mapped }) => mapped.map(), { label: 'mapped', state: 'mapped' }],
  ['mapping what recorded work needs', BufferInUse, ({ recorded }) => recorded.map(), { label: 'recorded' }],
  [
    '65 bytes into 64',
    OutOfRange,
    ({ mapped }) => mapped.write(new Uint8Array(65)),
    { what: 'offset', max: 0 },
  ],
  ['bytes at −1', OutOfRange, ({ mapped }) => mapped.write(new Uint8Array(1), -1)],
  ['a flush past the end', OutOfRange, ({ mapped }) => mapped.flush(60, 8), { what: 'size', max: 4 }],
]

const pools: readonly Row[] = [
  ['a pool of NaN bytes', OutOfRange, ({ gpu }) => new MkGpuPool(gpu, { usage: BOTH, maxBytes: Number.NaN })],
  ['0 bytes from a pool', OutOfRange, ({ pool }) => pool.acquire(0), { what: 'size', min: 1 }],
  ['more from a pool than a buffer can have', BufferTooLarge, ({ pool }) => pool.acquire((1 << 20) + 1)],
  [
    'more from a pool than it may hold',
    PoolFull,
    ({ pool }) => pool.acquire(1000),
    { pool: 'meshes', requested: 1024, maxBytes: 1024 },
  ],
  [
    'releasing a buffer from outside the pool',
    NotFromPool,
    ({ pool, a }) => pool.release(a),
    { label: 'a', pool: 'meshes' },
  ],
  ['releasing twice', NotFromPool, ({ pool, released }) => pool.release(released)],
  [
    'pages of 6 bytes',
    OutOfRange,
    ({ gpu }) => new MkSubAllocator(gpu, { usage: BOTH, pageBytes: 6 }),
    { what: 'pageBytes' },
  ],
  [
    'pages above the limit',
    BufferTooLarge,
    ({ gpu }) => new MkSubAllocator(gpu, { usage: BOTH, pageBytes: 2 << 20 }),
  ],
  ['slices aligned to 3', InvalidAlignment, ({ gpu }) => new MkSubAllocator(gpu, { usage: BOTH, align: 3 })],
  ['a slice of 0 bytes', OutOfRange, ({ slices }) => slices.alloc(0)],
  [
    'a slice that needs another page than it may have',
    PoolFull,
    ({ slices }) => slices.alloc(800),
    { pool: 'bones' },
  ],
  ['a slice that was freed', BufferDestroyed, ({ freed }) => freed.buffer, { label: 'leg' }],
  [
    'a write past the end of a slice',
    OutOfRange,
    ({ slice, source }) => slice.write(source, 0, 64, 64),
    { what: 'size', max: 36 },
  ],
  ['a read past the end of a slice', OutOfRange, ({ slice }) => slice.read(96, 8)],
]

const contents: readonly Row[] = [
  ['vertices of nothing', OutOfRange, ({ gpu }) => gpu.vertexBuffer(new Float32Array(0))],
  [
    'vertices past the end',
    OutOfRange,
    ({ vertices }) => vertices.write(new Float32Array(4), 1),
    { what: 'first', max: 0 },
  ],
  [
    'wide indices into narrow ones',
    OutOfRange,
    ({ indices }) => indices.write(new Uint32Array(1)),
    { value: 4, max: 2 },
  ],
  [
    'an odd number of narrow indices into the middle',
    MisalignedCopy,
    ({ indices }) => indices.write(new Uint16Array(1)),
  ],
  [
    'a uniform with an array of floats',
    InvalidLayout,
    ({ gpu }) => gpu.uniformBuffer(struct({ a: array(f32, 4) })),
    { space: 'uniform' },
  ],
  ['a uniform with an atomic', InvalidLayout, ({ gpu }) => gpu.uniformBuffer(struct({ a: atomic(u32) }))],
  [
    'a uniform above the limit',
    BufferTooLarge,
    ({ gpu }) => gpu.uniformBuffer(array(vec4f, 65)),
    // 65 vectors of 16 bytes, where 1 KiB is allowed.
    { requested: 1040, max: 1024, limit: 'maxUniformBufferBindingSize' },
  ],
  [
    'a uniform of another shape',
    InvalidValue,
    ({ gpu }) => gpu.uniformBuffer(struct({ at: vec4f }), any({ at: 1 })),
    { path: 'at' },
  ],
  ['0 rows of storage', OutOfRange, ({ gpu }) => gpu.storageBuffer(vec4f, 0), { what: 'rows', min: 1 }],
  ['rows of no fixed size', InvalidSchema, ({ gpu }) => gpu.storageBuffer(array(f32), 4)],
  [
    'a storage buffer above the limit',
    BufferTooLarge,
    ({ gpu }) => gpu.storageBuffer(vec4f, (256 << 10) / 16 + 1),
  ],
  ['a row past the last', OutOfRange, ({ particles }) => particles.read(5), { what: 'first', max: 4 }],
  ['rows past the last', OutOfRange, ({ particles }) => particles.read(3, 2), { what: 'rows', max: 1 }],
]

// Dawn is there: as on a machine where its install script was not allowed.
const dawn: Row = [
  'Dawn that is not installed',
  DawnMissing,
  async () => {
    vi.doMock('webgpu', () => {
      throw new Error("Cannot find package 'webgpu'.")
    })
    const { dawnGpu } = await import('@memkit/gpu/node')
    return dawnGpu()
  },
]
afterAll(() => vi.doUnmock('webgpu'))

describeBadInput(
  ownErrors({ ...gpuPackage, ConformanceFailure }, core),
  setUp,
  [...creation, ...writes, ...scatters, ...staging, ...pools, ...contents, dawn],
  {
    AllocationFailed: ['packages/gpu/test/dummy.test.ts', 'is out of memory, late or at once as requested'],
    ConformanceFailure: ['packages/gpu/test/conformance-catches.test.ts', 'and reports all cases'],
    DeviceRefused: ['packages/gpu/test/node.dawn.test.ts', 'DeviceRefused'],
    HazardDetected: ['packages/gpu/test/dummy.test.ts', 'reports writing a mapped buffer that is in flight'],
    InjectedFault: ['packages/gpu/test/dummy.test.ts', 'InjectedFault'],
    NoAdapter: ['packages/gpu/test/node.dawn.test.ts', 'NoAdapter'],
    NoBrowserDevice: ['packages/gpu/test/web-gpu.browser.test.ts', 'NoBrowserDevice'],
    ValidationFailed: ['packages/gpu/test/webgpu.dawn.test.ts', 'ValidationFailed'],
    WrongBackend: ['packages/ecs-plugin/test/bad-input.test.ts', 'WrongBackend'],
  },
  // Flags are said by name, and a loss by its message.
  [
    'DeviceLost.reason',
    'UsageMissing.needed',
    'UsageMissing.usage',
    'UsageUnsupported.usage',
    'UsageUnsupported.supported',
    'MemoryUnsupported.memory',
    'MemoryUnsupported.supported',
  ],
)
