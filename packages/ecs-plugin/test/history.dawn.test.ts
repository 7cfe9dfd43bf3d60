import { addComponent, addEntity, createWorld } from 'bitecs'
import { describe, expect, it } from 'vitest'
import {
  attachMk,
  f32,
  GpuSynced,
  mat4x4f,
  struct,
  u32,
  vec2f,
  vec4f,
  type SyncedBuffer,
} from '@memkit/ecs-plugin'
import { MkBufferUsage, type MkGpu, type WebGpuBackend } from '@memkit/gpu'
import { dawnDevice, dawnGpu } from '@memkit/gpu/node'
import { historyPrograms } from './history-program.ts'
import { randomFrom } from '@memkit/testing/random'

describe('random programs on a real device', () => {
  for (const history of ['frame', 'step'] as const)
    for (const rows of ['entity', 'packed'] as const)
      it(`agree with the reference: ${history}, ${rows}`, { timeout: 120_000 }, async () => {
        let losses = 0
        let gpu: MkGpu | undefined
        const place = {
          open: async () => (gpu = gpu === undefined || gpu.isLost ? await dawnGpu() : gpu),
          lose: async (lost: MkGpu) => {
            losses++
            const { device } = lost.backend as WebGpuBackend
            device.destroy()
            await device.lost
          },
        }
        let apart = 0
        for (const [i, changes] of (['detect', 'marked', 'all'] as const).entries())
          apart += await historyPrograms({ history, rows, changes }, place, 1 + i * 16)
        expect(apart).toBeGreaterThan(800)
        expect(losses).toBeGreaterThan(25)
        gpu?.destroy()
      })
})

describe('the WGSL that blends', () => {
  const ROWS = 64
  const TIMES = [0, 0.125, 1 / 3, 0.5, 0.9, 1]
  const inner = struct({ v: vec2f, n: f32 })
  const schema = struct({ x: f32, angle: f32, id: u32, now: f32, q: vec4f, m: mat4x4f, in: inner })
  /** Bound of what is not at an end, relative to the range of the values: a device may fuse or reorder the sums of a blend. */
  const NEAR = 1e-5

  it('gives what JavaScript does, and the rows themselves at both ends', { timeout: 60_000 }, async () => {
    const random = randomFrom(7)
    const device = await dawnDevice()
    const world = createWorld()
    const numbers = (per: number): Float32Array => new Float32Array((ROWS + 1) * per)
    const store = {
      x: numbers(1),
      angle: numbers(1),
      id: new Uint32Array(ROWS + 1),
      now: numbers(1),
      q: numbers(4),
      m: numbers(16),
      in: numbers(3),
    }
    const interpolation = { angle: 'angle', q: 'nlerp', now: 'current' } as const
    const Thing = GpuSynced(
      store as object,
      { label: 'Thing', schema, history: 'frame', interpolation } as object,
    )
    for (let i = 0; i < ROWS; i++) addComponent(world, addEntity(world), Thing)
    const mk = await attachMk(world, { gpu: device, components: [Thing as never] })
    const buffer = mk.buffer(Thing as never) as SyncedBuffer
    const fill = (): void => {
      for (const array of [store.x, store.now, store.m, store.in])
        for (let i = 0; i < array.length; i++) array[i] = random() * 200 - 100 || 1
      for (let i = 0; i <= ROWS; i++) {
        store.angle[i] = random() * 20 - 10 || 1
        store.id[i] = random() * 2 ** 32
        const q = Array.from({ length: 4 }, () => random() - 0.5)
        const length = Math.hypot(...q)
        for (let k = 0; k < 4; k++) store.q[i * 4 + k] = q[k] / length
      }
    }
    for (let i = 0; i < 2; i++) {
      fill()
      mk.beginFrame()
      mk.endFrame()
    }
    const { stride } = buffer
    const words = stride / 4
    const size = stride * (ROWS + 1)
    const usage = MkBufferUsage.STORAGE | MkBufferUsage.TRANSFER_SRC
    const out = mk.gpu.createDeviceBuffer(size * TIMES.length, usage)
    const module = device.createShaderModule({
      code: /* wgsl */ `
        ${buffer.wgsl(0, 0, { history: true })}
        @group(0) @binding(2) var<storage, read_write> blended: array<Thing>;
        @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) {
          var times = array<f32, ${TIMES.length}>(${TIMES.join(', ')});
          blended[id.y * ${ROWS + 1}u + id.x] = thingAt(id.x, times[id.y]);
        }`,
    })
    const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } })
    const resources = [buffer.binding, buffer.previous.binding, { buffer: out.native as GPUBuffer }]
    const bindGroup = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: resources.map((resource, binding) => ({ binding, resource })),
    })
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, bindGroup)
    pass.dispatchWorkgroups(ROWS + 1, TIMES.length)
    pass.end()
    device.queue.submit([encoder.finish()])
    const results = await mk.coordinator.download(out)
    const [a, b] = [await buffer.previous.read(), await buffer.read()]
    const offsetOf = (name: string): number => schema.fields.find((each) => each.name === name)!.offset / 4
    const [A, B, R] = [a, b, results].map((bytes) => new Float32Array(bytes))
    const [bitsA, bitsB, bits] = [a, b, results].map((bytes) => new Uint32Array(bytes))
    let compared = 0
    const near = (found: number, wanted: number, size: number): void => {
      compared++
      if (Math.abs(found - wanted) > NEAR * Math.max(1, size)) expect(found).toBe(wanted)
    }
    TIMES.forEach((t, k) => {
      for (let row = 1; row <= ROWS; row++) {
        const [from, at] = [row * words, (k * (ROWS + 1) + row) * words]
        const each = (name: string, count: number, fn: (i: number, j: number) => void): void => {
          for (let n = 0, o = offsetOf(name); n < count; n++) fn(from + o + n, at + o + n)
        }
        const lerp = (i: number, j: number): void => near(R[j], A[i] * (1 - t) + B[i] * t, 200)
        each('x', 1, lerp)
        each('m', 16, lerp)
        each('in', 3, lerp)
        each('now', 1, (i, j) => expect(bits[j]).toBe(bitsB[i]))
        each('id', 1, (i, j) => expect(bits[j]).toBe(bitsB[i]))
        each('angle', 1, (i, j) => {
          const turns = Math.round((B[i] - A[i]) / (2 * Math.PI))
          const wanted = t === 1 ? B[i] : A[i] + (B[i] - A[i] - turns * 2 * Math.PI) * t
          near(R[j], wanted, 20)
        })
        const q = offsetOf('q')
        const [from4, to4] = [A, B].map((rows) => [...rows.subarray(from + q, from + q + 4)])
        const sign = from4.reduce((sum, value, i) => sum + value * to4[i], 0) < 0 ? -1 : 1
        const mixed = from4.map((value, i) => value * (1 - t) + to4[i] * t * sign)
        const length = Math.hypot(...mixed)
        each('q', 4, (_, j) => {
          const i = j - at - q
          near(R[j], t === 1 ? to4[i] : t === 0 ? from4[i] : mixed[i] / length, 1)
        })
        if (t !== 0 && t !== 1) continue
        const ends = t === 0 ? bitsA : bitsB
        for (const [name, count] of [
          ['x', 1],
          ['angle', 1],
          ['q', 4],
          ['m', 16],
          ['in', 3],
        ] as const)
          each(name, count, (i, j) => expect(bits[j]).toBe(ends[i]))
      }
    })
    expect(compared).toBeGreaterThan(9000)
    mk.dispose()
    device.destroy()
  })
})
