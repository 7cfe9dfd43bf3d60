import { attachMk, GpuSynced, struct, vec2f } from '@memkit/ecs-plugin'
import type { DrawArgs, GpuQuery, MkSync, SyncedBuffer } from '@memkit/ecs-plugin'
import type { MkGpu, WebGpuBackend } from '@memkit/gpu'
import {
  addComponent,
  addComponents,
  addEntity,
  createWorld,
  Not,
  removeComponent,
  removeEntity,
} from 'bitecs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { place } from '@memkit/testing/place'
import { closeStrict, strict } from '@memkit/testing/strict-gpu'

// WebGPU's numbers: Node has no globals for them.
const [STORAGE, COPY_SRC, COPY_DST, MAP_READ, RENDER_ATTACHMENT] = [0x80, 0x4, 0x8, 0x1, 0x10]

/** Shaders that go through the list of a query: each living entity is processed once, and nothing else is. */
describe('entities that a GPU query lists', () => {
  let gpu: MkGpu<WebGpuBackend>
  let device: GPUDevice
  let mk: MkSync
  const world = createWorld()
  beforeEach(async () => {
    gpu = strict(await place.open()) as MkGpu<WebGpuBackend>
    device = gpu.backend.device
    mk = await attachMk(world, { gpu })
  })
  afterEach(async () => {
    mk.dispose()
    await closeStrict(gpu)
  })

  const frame = (): void => {
    mk.beginFrame()
    mk.endFrame()
  }

  /** Runs a shader that counts what it processes in `counts`, and returns the counts. */
  async function counted(
    code: string,
    size: number,
    resources: readonly GPUBindingResource[],
    dispatch: (pass: GPUComputePassEncoder) => void,
  ): Promise<Uint32Array> {
    const counts = device.createBuffer({ size: size * 4, usage: STORAGE | COPY_SRC })
    const read = device.createBuffer({ size: size * 4, usage: MAP_READ | COPY_DST })
    const module = device.createShaderModule({
      code: `@group(0) @binding(0) var<storage, read_write> counts: array<atomic<u32>>;\n${code}`,
    })
    expect((await module.getCompilationInfo()).messages.filter(({ type }) => type === 'error')).toEqual([])
    const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } })
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(
      0,
      device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: [{ buffer: counts }, ...resources].map((resource, binding) => ({ binding, resource })),
      }),
    )
    dispatch(pass)
    pass.end()
    encoder.copyBufferToBuffer(counts, 0, read, 0, size * 4)
    device.queue.submit([encoder.finish()])
    await read.mapAsync(MAP_READ)
    const words = new Uint32Array(read.getMappedRange().slice(0))
    counts.destroy()
    read.destroy()
    return words
  }

  /** 1 for each of the entities, 0 for every other id. */
  function once(entities: Iterable<number>, size: number): Uint32Array {
    const words = new Uint32Array(size)
    for (const entity of entities) words[entity] = 1
    return words
  }

  function spawn(count: number, ...components: object[]): number[] {
    return Array.from({ length: count }, () => {
      const entity = addEntity(world)
      addComponents(world, entity, ...components)
      return entity
    })
  }

  it('are each processed once by a compute shader over the whole capacity', async () => {
    const Thing = {}
    const entities = spawn(100, Thing)
    const shown = mk.query([Thing], { label: 'Shown' })
    frame()
    // 30 of 100 leave: their ids would still stand behind those of the living.
    for (const entity of entities.splice(20, 30)) removeEntity(world, entity)
    frame()
    const size = Math.max(...entities) + 1
    const code = `${shown.indices.wgsl(0, 1)}
      @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
        if (!shownHas(id.x)) { return; }
        atomicAdd(&counts[shown[id.x]], 1u);
      }`
    // More invocations than there are places.
    const groups = shown.indices.capacity / 64 + 3
    const counts = await counted(code, size, [shown.indices.binding], (pass) =>
      pass.dispatchWorkgroups(groups),
    )
    expect(counts).toEqual(once(entities, size))
  })

  it('are followed by NO_ENTITY in every free place after growth, shrinking to nothing, and growth again', async () => {
    const Thing = {}
    const shown = mk.query([Thing], { label: 'Shown' })
    const tail = async (): Promise<Set<number>> =>
      new Set(new Uint32Array(await mk.coordinator.download(shown.indices.buffer)).subarray(shown.count))
    frame()
    expect(await tail()).toEqual(new Set([0xffffffff]))
    const entities = spawn(1500, Thing)
    frame()
    expect([shown.count, shown.indices.capacity > 1500]).toEqual([1500, true])
    expect(await tail()).toEqual(new Set([0xffffffff]))
    for (const entity of entities.splice(0, 1490)) removeEntity(world, entity)
    frame()
    expect(await tail()).toEqual(new Set([0xffffffff]))
    for (const entity of entities) removeEntity(world, entity)
    frame()
    expect([shown.count, await tail()]).toEqual([0, new Set([0xffffffff])])
  })

  it('can be read from two lists in one shader', async () => {
    const [Thing, Hot] = [{}, {}]
    const cold = spawn(10, Thing)
    const hot = spawn(5, Thing, Hot)
    const things = mk.query([Thing], { label: 'Things' })
    const burning = mk.query([Thing, Hot])
    frame()
    const size = Math.max(...cold, ...hot) + 1
    const code = `${things.indices.wgsl(0, 1)}${burning.indices.wgsl(0, 2, { name: 'burning' })}
      @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
        if (thingsHas(id.x)) { atomicAdd(&counts[things[id.x]], 1u); }
        if (burningHas(id.x)) { atomicAdd(&counts[burning[id.x]], 10u); }
      }`
    const lists = [things.indices.binding, burning.indices.binding]
    const counts = await counted(code, size, lists, (pass) => pass.dispatchWorkgroups(16))
    const expected = once([...cold, ...hot], size)
    for (const entity of hot) expected[entity] = 11
    expect(counts).toEqual(expected)
  })

  it('are covered by an indirect dispatch, which tells the shader their number', async () => {
    const Thing = {}
    const entities = spawn(130, Thing)
    const shown = mk.query([Thing], { label: 'Shown', dispatch: { workgroupSize: 64 } })
    const args = shown.dispatchArgs
    const size = Math.max(...entities) + 2
    const run = (): Promise<Uint32Array> => {
      const code = `${shown.indices.wgsl(0, 1)}${args.wgsl(0, 2)}
        @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
          if (id.x == 0u) { atomicStore(&counts[0], shownDispatch.count * 1000u + groups.x * 10u + shownDispatch.workgroups.x); }
          let i = shownIndex(id, groups);
          if (!shownHas(i)) { return; }
          atomicAdd(&counts[shown[i]], 1u);
        }`
      return counted(code, size, [shown.indices.binding, args.binding], (pass) =>
        pass.dispatchWorkgroupsIndirect(args.gpuBuffer, args.offset),
      )
    }
    frame()
    const expected = once(entities, size)
    expected[0] = 130_033
    expect(await run()).toEqual(expected)
    for (const entity of entities.splice(64)) removeEntity(world, entity)
    frame()
    const fewer = once(entities, size)
    fewer[0] = 64_011
    expect(await run()).toEqual(fewer)
    for (const entity of entities) removeEntity(world, entity)
    frame()
    // No workgroup at all.
    expect(await run()).toEqual(new Uint32Array(size))
  })

  it('are dispatched in two dimensions when one has too few workgroups', { timeout: 60_000 }, async () => {
    const Thing = {}
    const max = device.limits.maxComputeWorkgroupsPerDimension
    const entities = spawn(max + 5000, Thing)
    const shown = mk.query([Thing], { label: 'Shown', dispatch: { workgroupSize: 1 } })
    frame()
    const args = new Uint32Array(await mk.coordinator.download(shown.dispatchArgs.buffer))
    expect([args[1], args[2], args[3]]).toEqual([2, 1, entities.length])
    expect(args[0]).toBeLessThanOrEqual(max)
    const size = Math.max(...entities) + 1
    const code = `${shown.indices.wgsl(0, 1)}
      @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
        let i = shownIndex(id, groups);
        if (!shownHas(i)) { return; }
        atomicAdd(&counts[shown[i]], 1u);
      }`
    const counts = await counted(code, size, [shown.indices.binding], (pass) =>
      pass.dispatchWorkgroupsIndirect(shown.dispatchArgs.gpuBuffer, shown.dispatchArgs.offset),
    )
    expect(counts).toEqual(once(entities, size))
    for (const entity of entities) removeEntity(world, entity)
  })

  /** Draws a point per entity in column `x`: sprites in the first line, their shadows in the second. */
  async function drawn(
    place: SyncedBuffer,
    shown: GpuQuery,
    calls: readonly DrawArgs[],
  ): Promise<number[][]> {
    const [width, height] = [64, 2]
    const module = device.createShaderModule({
      code: `${place.wgsl(0, 0, { name: 'place' })}${shown.indices.wgsl(0, 1, { name: 'shown' })}
        override line: f32;
        override perInstance: u32;
        @vertex fn vertices(@builtin(instance_index) instance: u32, @builtin(vertex_index) vertex: u32) -> @builtin(position) vec4f {
          let slot = instance * perInstance + vertex;
          if (!shownHas(slot)) { return vec4f(0, 0, 2, 1); }
          return vec4f((place[shown[slot]].at.x + 0.5) / ${width / 2} - 1, line, 0, 1);
        }
        @fragment fn pixels() -> @location(0) vec4f { return vec4f(1); }`,
    })
    const texture = device.createTexture({
      size: [width, height],
      format: 'rgba8unorm',
      usage: RENDER_ATTACHMENT | 0x1,
    })
    const read = device.createBuffer({ size: 512, usage: MAP_READ | COPY_DST })
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginRenderPass({
      colorAttachments: [{ view: texture.createView(), loadOp: 'clear', storeOp: 'store' }],
    })
    for (const [i, args] of calls.entries()) {
      const pipeline = device.createRenderPipeline({
        layout: 'auto',
        vertex: { module, constants: { line: i === 0 ? 0.5 : -0.5, perInstance: i === 0 ? 1 : 4 } },
        fragment: { module, targets: [{ format: 'rgba8unorm' }] },
        primitive: { topology: 'point-list' },
      })
      const entries = [place.binding, shown.indices.binding].map((resource, binding) => ({
        binding,
        resource,
      }))
      pass.setPipeline(pipeline)
      pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }))
      pass.drawIndirect(args.gpuBuffer, args.offset)
    }
    pass.end()
    encoder.copyTextureToBuffer({ texture }, { buffer: read, bytesPerRow: 256 }, [width, height])
    device.queue.submit([encoder.finish()])
    await read.mapAsync(MAP_READ)
    const words = new Uint32Array(read.getMappedRange().slice(0))
    texture.destroy()
    read.destroy()
    return [0, 1].map((line) =>
      [...words.subarray(line * width, (line + 1) * width).entries()].flatMap(([x, lit]) =>
        lit === 0 ? [] : [x],
      ),
    )
  }

  it('are drawn twice in a frame, by two draw arguments of different shapes', async () => {
    const schema = struct({ at: vec2f.from('x', 'y') })
    const Place = GpuSynced({ x: new Float32Array(1 << 17), y: new Float32Array(1 << 17) }, { schema })
    const Hidden = {}
    const entities = spawn(10, Place)
    entities.forEach((entity, i) => (Place.x[entity] = i * 6))
    const shown = mk.query([Place, Not(Hidden)], { draw: { vertexCount: 1 } })
    const shadows = shown.draw({ vertexCount: 4, perInstance: 4 })
    const calls = [shown.drawArgs, shadows]
    for (const i of [1, 4, 9]) addComponent(world, entities[i], Hidden)
    frame()
    const xs = [0, 12, 18, 30, 36, 42, 48]
    expect(await drawn(mk.buffer(Place), shown, calls)).toEqual([xs, xs])
    removeComponent(world, entities[9], Hidden)
    removeEntity(world, entities[0])
    frame()
    const later = [...xs.slice(1), 54]
    expect(await drawn(mk.buffer(Place), shown, calls)).toEqual([later, later])
  })

  it('have shared rows that are read side by side, also after leaving and returning', async () => {
    const Place = GpuSynced({ id: new Uint32Array(1 << 17) }, { label: 'Place', rows: 'packed' })
    const Tint = GpuSynced({ id: new Uint32Array(1 << 17) }, { label: 'Tint', rowsOf: Place })
    const entities = spawn(40, Place, Tint)
    for (const entity of entities) Place.id[entity] = Tint.id[entity] = entity
    const shown = mk.query([Place], { label: 'Shown', rowsOf: Place })
    frame()
    for (const i of [3, 4, 17]) removeComponent(world, entities[i], Tint)
    frame()
    for (const entity of entities.splice(6, 9)) removeEntity(world, entity)
    addComponent(world, entities[4], Tint)
    frame()
    const size = Math.max(...entities) + 1
    const code = `${mk.buffer(Place).wgsl(0, 1)}${mk.buffer(Tint).wgsl(0, 2)}${shown.indices.wgsl(0, 3)}
      @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
        if (!shownHas(id.x)) { return; }
        let row = shown[id.x];
        atomicAdd(&counts[place[row].id], 1u);
        atomicAdd(&counts[tint[row].id], 10u);
      }`
    const resources = [mk.buffer(Place).binding, mk.buffer(Tint).binding, shown.indices.binding]
    const counts = await counted(code, size, resources, (pass) => pass.dispatchWorkgroups(16))
    const expected = new Uint32Array(size)
    let untinted = 0
    for (const entity of entities) {
      const tinted = mk.buffer(Tint).rowOf(entity) >= 0
      expected[entity] = tinted ? 11 : 1
      if (!tinted) untinted++
    }
    // The rows of those without the second component are zeros.
    expected[0] = untinted * 10
    expect(untinted).toBe(2)
    expect(counts).toEqual(expected)
  })
})
