import { perGeneration, type SyncedBuffer } from '@memkit/ecs-plugin'
import { d, tgpu, warn } from 'typegpu'
import { BodyRow } from './bodies.ts'

// TypeGPU 0.12 warns that it does not change `in.at` of a fragment function when that is written in
// WGSL: as it should.
warn.disable('external-omitted')

const Grain = d.struct({ position: d.vec2f, velocity: d.vec2f, tint: d.vec3f, speed: d.f32 })
const Scene = d.struct({ aspect: d.f32, dt: d.f32, pixel: d.f32, bodies: d.u32, seed: d.u32 })

const computed = tgpu.bindGroupLayout({
  scene: { uniform: Scene },
  bodies: { storage: d.arrayOf(BodyRow) },
  grains: { storage: d.arrayOf(Grain), access: 'mutable' },
})
const drawn = tgpu.bindGroupLayout({
  scene: { uniform: Scene },
  bodies: { storage: d.arrayOf(BodyRow) },
  grains: { storage: d.arrayOf(Grain) },
})

const tintOf = tgpu.fn([d.f32], d.vec3f)`(hue: f32) -> vec3f {
  return 0.55 + 0.45 * cos(6.2832 * (vec3f(0.0, 0.33, 0.6) + hue));
}`

const chance = tgpu.fn([d.u32], d.f32)`(n: u32) -> f32 {
  var x = n * 747796405u + 2891336453u;
  x = ((x >> ((x >> 28u) + 4u)) ^ x) * 277803737u;
  return f32((x >> 22u) ^ x) / 4294967295.0;
}`

const workgroup = 64

const step = tgpu.computeFn({ in: { id: d.builtin.globalInvocationId }, workgroupSize: [workgroup] })`{
  let i = in.id.x;
  if (i >= arrayLength(&computed.$.grains)) { return; }
  let scene = computed.$.scene;
  var grain = computed.$.grains[i];
  var pull = vec2f(0.0);
  var tint = vec3f(0.0);
  var nearest = 100.0;
  for (var b = 0u; b < scene.bodies; b++) {
    let body = computed.$.bodies[b];
    let way = body.position - grain.position;
    let distance2 = dot(way, way) + 0.004;
    let force = body.mass / distance2;
    // Mostly inwards, partly around.
    pull += (way * 0.9 + vec2f(-way.y, way.x) * 0.55) * force * 0.08;
    tint += tintOf(body.hue) * force * force;
    nearest = min(nearest, distance2);
  }
  grain.velocity = (grain.velocity + pull * scene.dt) * (1.0 - 0.4 * scene.dt);
  grain.position += grain.velocity * scene.dt;
  grain.speed = length(grain.velocity);
  grain.tint = mix(grain.tint, tint / (max(tint.x, max(tint.y, tint.z)) + 1e-6), 0.08);
  // Grains that fell in or flew off start again anywhere.
  if (nearest < 0.0048 || dot(grain.position, grain.position) > 9.0) {
    let n = i * 3u + scene.seed;
    grain.position = (vec2f(chance(n), chance(n + 1u)) * 2.0 - 1.0) * vec2f(scene.aspect, 1.0) * 1.1;
    grain.velocity = vec2f(-grain.position.y, grain.position.x) * 0.25;
  }
  computed.$.grains[i] = grain;
}`.$uses({ computed, tintOf, chance })

const corners = tgpu.const(
  d.arrayOf(d.vec2f, 6),
  [-1, -1, 1, -1, -1, 1, -1, 1, 1, -1, 1, 1].flatMap((x, i, all) =>
    i % 2 === 0 ? [d.vec2f(x, all[i + 1])] : [],
  ),
)

const soft = { at: d.vec2f, light: d.vec3f }

const grainVertex = tgpu.vertexFn({
  in: { vertex: d.builtin.vertexIndex, instance: d.builtin.instanceIndex },
  out: { place: d.builtin.position, ...soft },
})`{
  let corner = corners[in.vertex];
  let grain = drawn.$.grains[in.instance];
  let scene = drawn.$.scene;
  let place = (grain.position + corner * scene.pixel * 1.6) / vec2f(scene.aspect, 1.0);
  return Out(vec4f(place, 0.0, 1.0), corner, grain.tint * (0.22 + min(grain.speed, 1.5) * 0.6));
}`.$uses({ drawn, corners })

const bodyVertex = tgpu.vertexFn({
  in: { vertex: d.builtin.vertexIndex, instance: d.builtin.instanceIndex },
  out: { place: d.builtin.position, ...soft },
})`{
  let corner = corners[in.vertex];
  let body = drawn.$.bodies[in.instance];
  let scene = drawn.$.scene;
  let place = (body.position + corner * (0.06 + 0.09 * body.mass)) / vec2f(scene.aspect, 1.0);
  return Out(vec4f(place, 0.0, 1.0), corner, tintOf(body.hue));
}`.$uses({ drawn, corners, tintOf })

const grainLight = tgpu.fragmentFn({ in: soft, out: d.vec4f })`{
  let edge = max(0.0, 1.0 - dot(in.at, in.at));
  return vec4f(in.light * edge, 1.0);
}`

const bodyLight = tgpu.fragmentFn({ in: soft, out: d.vec4f })`{
  let r = length(in.at);
  let glow = pow(max(0.0, 1.0 - r), 3.0) * 0.8;
  let core = smoothstep(0.2, 0.13, r);
  return vec4f(in.light * glow + mix(in.light, vec3f(1.0), 0.75) * core, 1.0);
}`

/** Grains that fall around the bodies, computed and drawn by TypeGPU. */
export class Dust {
  readonly #draw: (context: GPUCanvasContext, bodies: number) => void
  readonly #step: (bodies: number, dt: number, canvas: HTMLCanvasElement) => void

  /** @param synced the bodies' rows, on the same device */
  constructor(device: GPUDevice, synced: SyncedBuffer, grainCount: number, format: GPUTextureFormat) {
    const root = tgpu.initFromDevice({ device })
    const scene = root.createBuffer(Scene).$usage('uniform')
    const grains = root.createBuffer(d.arrayOf(Grain, grainCount), firstGrains(grainCount)).$usage('storage')

    // Wraps the synced buffer in a typed one, without a copy. TypeGPU never destroys it. Wraps it
    // again when it was replaced.
    const groups = perGeneration([synced], () => {
      const bodies = root
        .createBuffer(d.arrayOf(BodyRow, synced.capacity), synced.gpuBuffer)
        .$usage('storage')
      return {
        computed: root.createBindGroup(computed, { scene, bodies, grains }),
        drawn: root.createBindGroup(drawn, { scene, bodies, grains }),
      }
    })

    const add = { srcFactor: 'one', dstFactor: 'one', operation: 'add' } as const
    const targets = { format, blend: { color: add, alpha: add } }
    const compute = root.createComputePipeline({ compute: step })
    const grainPipeline = root.createRenderPipeline({ vertex: grainVertex, fragment: grainLight, targets })
    const bodyPipeline = root.createRenderPipeline({ vertex: bodyVertex, fragment: bodyLight, targets })
    let seed = 0

    this.#step = (bodies, dt, { width, height, clientHeight }) => {
      scene.write({ aspect: width / height, dt, pixel: 2 / clientHeight, bodies, seed: (seed += 9973) })
      compute.with(groups().computed).dispatchWorkgroups(Math.ceil(grainCount / workgroup))
    }
    this.#draw = (context, bodies) => {
      const view = context.getCurrentTexture().createView()
      grainPipeline
        .with(groups().drawn)
        .withColorAttachment({ view, clearValue: [0.008, 0.012, 0.03, 1], loadOp: 'clear', storeOp: 'store' })
        .draw(6, grainCount)
      bodyPipeline
        .with(groups().drawn)
        .withColorAttachment({ view, loadOp: 'load', storeOp: 'store' })
        .draw(6, bodies)
    }
  }

  step(bodies: number, dt: number, canvas: HTMLCanvasElement): void {
    this.#step(bodies, dt, canvas)
  }

  draw(context: GPUCanvasContext, bodies: number): void {
    this.#draw(context, bodies)
  }
}

function firstGrains(count: number): d.Infer<typeof Grain>[] {
  return Array.from({ length: count }, (_, i) => {
    // Evenly, but in no pattern: two sequences of the plastic number, blurred.
    const blur = 0.05 * Math.sin(i * 12.9898)
    const [x, y] = [(((i * 0.7548777) % 1) * 2 - 1) * 1.8 + blur, ((i * 0.5698403) % 1) * 2.2 - 1.1 + blur]
    return { position: d.vec2f(x, y), velocity: d.vec2f(-y * 0.3, x * 0.3), tint: d.vec3f(0.3), speed: 0 }
  })
}
