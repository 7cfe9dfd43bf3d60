import {
  array,
  attachMk,
  f32,
  GpuSynced,
  i32,
  mat2x2f,
  struct,
  u32,
  vec2f,
  vec3f,
  vec4u,
} from '@memkit/ecs-plugin'
import type { Changes, ColumnsBuffer, MkSync } from '@memkit/ecs-plugin'
import type { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { place } from '@memkit/testing/place'
import { randomFrom } from '@memkit/testing/random'
import { closeStrict, strict } from '@memkit/testing/strict-gpu'
import { addComponent, addEntity, createWorld } from 'bitecs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

// WebGPU's numbers: Node has no globals for them.
const [STORAGE, COPY_SRC, COPY_DST, MAP_READ] = [0x80, 0x4, 0x8, 0x1]
const [RENDER_ATTACHMENT, TEXTURE_COPY_SRC] = [0x10, 0x1]

const schema = struct({
  a: u32,
  x: f32,
  b: i32,
  n: i32,
  s: u32,
  m: u32,
  t: i32,
  c: u32,
  rgba: vec4u,
  pos: vec3f,
  turn: mat2x2f,
  two: array(u32, 2),
  nest: struct({ p: i32, q: i32 }),
  pair: vec2f.from('x', 'inner.y'),
})

/** Every kind of column, for so many entities. */
const makeStore = (slots: number) => ({
  a: new Uint8Array(slots),
  x: new Float32Array(slots),
  b: new Int8Array(slots),
  n: new Int32Array(slots),
  s: new Uint16Array(slots),
  m: new Uint32Array(slots),
  t: new Int16Array(slots),
  c: new Uint8ClampedArray(slots),
  rgba: new Uint8Array(slots * 4),
  pos: new Float32Array(slots * 3),
  turn: new Float32Array(slots * 4),
  two: new Uint16Array(slots * 2),
  nest: new Int8Array(slots * 2),
  inner: { y: new Float32Array(slots) },
})
type Store = ReturnType<typeof makeStore>

/** What a shader reads of a row, as 32 bits each: the expression, and where it comes from. */
const values: readonly (readonly [
  wgsl: string,
  column: (store: Store) => ArrayLike<number>,
  arity: number,
  k: number,
])[] = [
  ['a', ({ a }) => a, 1, 0],
  ['bitcast<u32>(x)', ({ x }) => bitsOf(x), 1, 0],
  ['bitcast<u32>(b)', ({ b }) => b, 1, 0],
  ['bitcast<u32>(n)', ({ n }) => n, 1, 0],
  ['s', ({ s }) => s, 1, 0],
  ['m', ({ m }) => m, 1, 0],
  ['bitcast<u32>(t)', ({ t }) => t, 1, 0],
  ['c', ({ c }) => c, 1, 0],
  ...[0, 1, 2, 3].map((k) => [`rgba[${k}]`, ({ rgba }: Store) => rgba, 4, k] as const),
  ...[0, 1, 2].map((k) => [`bitcast<u32>(pos[${k}])`, ({ pos }: Store) => bitsOf(pos), 3, k] as const),
  ...[0, 1, 2, 3].map(
    (k) => [`bitcast<u32>(turn[${k >> 1}][${k % 2}])`, ({ turn }: Store) => bitsOf(turn), 4, k] as const,
  ),
  ...[0, 1].map((k) => [`two[${k}]`, ({ two }: Store) => two, 2, k] as const),
  ['bitcast<u32>(nest.p)', ({ nest }) => nest, 2, 0],
  ['bitcast<u32>(nest.q)', ({ nest }) => nest, 2, 1],
  ['bitcast<u32>(pair.x)', ({ x }) => bitsOf(x), 1, 0],
  ['bitcast<u32>(pair.y)', ({ inner }) => bitsOf(inner.y), 1, 0],
]

function bitsOf({ buffer, byteOffset, length }: Float32Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length)
}

/** Fills all columns with any bits, but for f32 only those of numbers that a shader keeps as they are. */
function fill(store: Store, seed: number): void {
  const random = randomFrom(seed)
  const columns = [...Object.values(store).filter((column) => ArrayBuffer.isView(column)), store.inner.y]
  for (const column of columns as (Float32Array | Uint8Array)[]) {
    const bytes = new Uint8Array(column.buffer)
    for (let i = 0; i < bytes.length; i++) bytes[i] = random() * 256
    if (!(column instanceof Float32Array)) continue
    const bits = bitsOf(column)
    for (let i = 0; i < bits.length; i++) {
      const exponent = bits[i] & 0x7f80_0000
      if (exponent === 0 || exponent === 0x7f80_0000) bits[i] = 0x3f80_0000 | (bits[i] & 0x807f_ffff)
    }
  }
}

describe('columns in shaders', () => {
  let gpu: MkGpu<WebGpuBackend>
  let device: GPUDevice
  beforeEach(async () => {
    gpu = strict(await place.open()) as MkGpu<WebGpuBackend>
    device = gpu.backend.device
  })
  afterEach(() => closeStrict(gpu))

  async function readBack(source: GPUBuffer): Promise<ArrayBuffer> {
    const { size } = source
    const read = device.createBuffer({ size, usage: MAP_READ | COPY_DST })
    const encoder = device.createCommandEncoder()
    encoder.copyBufferToBuffer(source, 0, read, 0, size)
    device.queue.submit([encoder.finish()])
    await read.mapAsync(MAP_READ)
    const bytes = read.getMappedRange().slice(0)
    read.destroy()
    return bytes
  }

  /** One pipeline for buffers of all capacities. @param declared WGSL of the columns in group 0, binding 0 */
  async function makeReader(declared: string, way: 'row' | 'fields'): Promise<GPUComputePipeline> {
    const names = schema.fields.map(({ name }) => name)
    const lets = names.map((name) =>
      way === 'row' ? `let ${name} = row.${name};` : `let ${name} = body_${name}(i);`,
    )
    const puts = values.map(([value], k) => `out[i * ${values.length}u + ${k}u] = ${value};`)
    const module = device.createShaderModule({
      code: `${declared}
        @group(0) @binding(1) var<storage, read_write> out: array<u32>;
        @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
          let i = id.y * groups.x * 64u + id.x;
          if (i >= min(bodyCapacity(), arrayLength(&out) / ${values.length}u)) { return; }
          ${way === 'row' ? 'let row = bodyRow(i);' : ''}
          ${lets.join('\n')}
          ${puts.join('\n')}
        }`,
    })
    const problems = (await module.getCompilationInfo()).messages.filter(({ type }) => type === 'error')
    expect(problems).toEqual([])
    return device.createComputePipelineAsync({ layout: 'auto', compute: { module } })
  }

  /** Counts values that a shader reads otherwise than the store has them. */
  async function differences(
    pipeline: GPUComputePipeline,
    body: ColumnsBuffer,
    store: Store,
    rows: number,
  ): Promise<number> {
    const size = rows * values.length * 4
    const out = device.createBuffer({ size, usage: STORAGE | COPY_SRC })
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    const entries = [
      { binding: 0, resource: body.binding },
      { binding: 1, resource: { buffer: out } },
    ]
    pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }))
    const groups = Math.ceil(rows / 64)
    pass.dispatchWorkgroups(Math.min(groups, 4096), Math.ceil(groups / 4096))
    pass.end()
    device.queue.submit([encoder.finish()])
    const got = new Uint32Array(await readBack(out))
    out.destroy()
    let wrong = 0
    for (const [k, [, columnOf, arity, at]] of values.entries()) {
      const column = columnOf(store)
      for (let row = 0; row < rows; row++)
        if (got[row * values.length + k] !== column[row * arity + at] >>> 0) wrong++
    }
    return wrong
  }

  it(
    'are read by row and by field, whatever the capacity, with one pipeline',
    { timeout: 240_000 },
    async () => {
      const world = createWorld()
      let [slots, entities, compared] = [2, 0, 0]
      const store = makeStore(slots)
      const Body = GpuSynced(store, { label: 'Body', layout: 'columns', changes: 'all', capacity: 1, schema })
      const mk = await attachMk(world, { gpu })
      const body = mk.buffer(Body)
      const declared = body.wgsl(0, 0)
      const pipelines = [await makeReader(declared, 'row'), await makeReader(declared, 'fields')]
      const capacities = new Set<number>()
      for (const rows of [2, 63, 64, 65, 959, 961, 1089, 4097, 100_000, 150_001]) {
        Object.assign(store, makeStore((slots = rows)))
        fill(store, rows)
        for (; entities < rows - 1; entities++) addComponent(world, addEntity(world), Body)
        mk.beginFrame()
        mk.endFrame()
        expect([body.rows, body.wgsl(0, 0)]).toEqual([rows, declared])
        capacities.add(body.capacity)
        for (const pipeline of pipelines) {
          expect(await differences(pipeline, body, store, rows), `${rows} rows`).toBe(0)
          compared += rows * values.length
        }
      }
      expect(slots).toBe(150_001)
      expect(capacities.size).toBeGreaterThan(5)
      expect(compared).toBeGreaterThan(4_000_000)
      mk.dispose()
    },
  )

  it('are read at a million rows', { timeout: 240_000 }, async () => {
    const n = 1_000_000
    const world = createWorld()
    const Small = GpuSynced(
      { hp: new Uint8Array(n + 1), x: new Float32Array(n + 1) },
      { label: 'Small', layout: 'columns', changes: 'all', capacity: n + 1 },
    )
    for (let i = 0; i < n; i++) {
      const entity = addEntity(world)
      addComponent(world, entity, Small)
      Small.x[entity] = entity / 2
      Small.hp[entity] = entity * 7
    }
    const mk = await attachMk(world, { gpu })
    mk.beginFrame()
    mk.endFrame()
    const rows = await mk.buffer(Small).read()
    const [words, numbers] = [new Uint32Array(rows), new Float32Array(rows)]
    let wrong = 0
    for (let entity = 1; entity <= n; entity++)
      if (words[entity * 2] !== Small.hp[entity] || numbers[entity * 2 + 1] !== Small.x[entity]) wrong++
    expect(wrong).toBe(0)
    // The sections as arrays of WGSL, and through functions.
    const code = `${mk.buffer(Small).wgsl(0, 0)}
      @group(0) @binding(1) var<storage, read> x: array<f32>;
      @group(0) @binding(2) var<storage, read_write> out: array<atomic<u32>, 1>;
      @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
        if (id.x > ${n}u) { return; }
        if (small_x(id.x) != f32(id.x) / 2.0 || x[id.x] != small_x(id.x)) { atomicAdd(&out[0], 1u); }
        if (small_hp(id.x) != id.x * 7u % 256u) { atomicAdd(&out[0], 1u); }
      }`
    const pipeline = device.createComputePipeline({
      layout: 'auto',
      compute: { module: device.createShaderModule({ code }) },
    })
    const out = device.createBuffer({ size: 4, usage: STORAGE | COPY_SRC })
    const resources = [mk.buffer(Small).binding, mk.buffer(Small).column('x'), { buffer: out }]
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    const entries = resources.map((resource, binding) => ({ binding, resource }))
    pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }))
    pass.dispatchWorkgroups(Math.ceil((n + 1) / 64))
    pass.end()
    device.queue.submit([encoder.finish()])
    expect([...new Uint32Array(await readBack(out))]).toEqual([0])
    mk.dispose()
  })

  it.each<Changes>(['detect', 'marked', 'all'])(
    'are drawn from as vertex attributes, %s',
    async (changes) => {
      const world = createWorld()
      const store = { x: new Float32Array(65), y: new Float32Array(65), color: new Uint8Array(4 * 65) }
      const Dot = GpuSynced(store, {
        label: 'Dot',
        layout: 'columns',
        changes,
        capacity: 4,
        schema: struct({ x: f32, y: f32, color: vec4u }),
      })
      const mk: MkSync = await attachMk(world, { gpu })
      const dots = mk.buffer(Dot)
      const code = `
      struct Out { @builtin(position) at: vec4f, @location(0) @interpolate(flat) color: vec4u }
      @vertex fn vertex(@location(2) x: f32, @location(3) y: f32, @location(4) color: vec4u, @builtin(vertex_index) i: u32) -> Out {
        // A triangle over the whole pixel x, y of 8 × 8.
        let corner = vec2f(f32(i & 1u), f32(i >> 1u)) * 2.0;
        let at = (vec2f(x, y) + corner) / 4.0 - 1.0;
        return Out(vec4f(at.x, -at.y, 0.0, 1.0), color);
      }
      @fragment fn fragment(in: Out) -> @location(0) vec4u { return in.color; }`
      const module = device.createShaderModule({ code })
      const pipeline = device.createRenderPipeline({
        layout: 'auto',
        vertex: { module, buffers: [...dots.vertexLayouts(2)] },
        fragment: { module, targets: [{ format: 'rgba8uint' }] },
        primitive: { topology: 'triangle-list' },
      })
      const texture = device.createTexture({
        size: [8, 8],
        format: 'rgba8uint',
        usage: RENDER_ATTACHMENT | TEXTURE_COPY_SRC,
      })
      const generations = new Set<number>()
      for (let frame = 0; frame < 64; frame += 9) {
        mk.beginFrame()
        for (let i = frame; i < Math.min(64, frame + 9); i++) {
          const entity = addEntity(world)
          addComponent(world, entity, Dot)
          store.x[entity] = i % 8
          store.y[entity] = Math.floor(i / 8)
        }
        for (let e = 1; e <= 64; e++) store.color.set([e, frame, 255 - e, 1], e * 4)
        if (changes === 'marked') mk.markAll(Dot)
        mk.endFrame()
        generations.add(dots.generation)
        const encoder = device.createCommandEncoder()
        const pass = encoder.beginRenderPass({
          colorAttachments: [{ view: texture.createView(), loadOp: 'clear', storeOp: 'store' }],
        })
        pass.setPipeline(pipeline)
        dots.bindVertices(pass)
        pass.draw(3, dots.rows)
        pass.end()
        const read = device.createBuffer({ size: 256 * 8, usage: MAP_READ | COPY_DST })
        encoder.copyTextureToBuffer({ texture }, { buffer: read, bytesPerRow: 256 }, [8, 8])
        device.queue.submit([encoder.finish()])
        await read.mapAsync(MAP_READ)
        const pixels = new Uint8Array(read.getMappedRange().slice(0))
        read.destroy()
        for (let i = 0; i < Math.min(64, frame + 9); i++) {
          const at = Math.floor(i / 8) * 256 + (i % 8) * 4
          // Later entities draw over the triangles of earlier ones, so each pixel has its own.
          expect([...pixels.subarray(at, at + 4)], `pixel ${i}`).toEqual([i + 1, frame, 254 - i, 1])
        }
      }
      texture.destroy()
      // 65 rows do not fit into 64, which 4 are rounded up to.
      expect(generations.size).toBe(2)
      mk.dispose()
    },
  )
})
