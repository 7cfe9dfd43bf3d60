import { MkError } from '@memkit/core'
import { MkGpu } from '@memkit/gpu'
import { dawnDevice } from '@memkit/gpu/node'
import { WebGpuBackend } from '@memkit/gpu'
import { createWorld } from 'bitecs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { attachMk, GpuSynced, type MkSync } from '../src/index.ts'

// Whatever a component is called: what its buffer declares compiles, beside every builtin that a shader may call; or the error says
// which option helps.

let gpu: MkGpu
let device: GPUDevice
let mk: MkSync
beforeAll(async () => {
  device = await dawnDevice()
  gpu = new MkGpu(new WebGpuBackend(device, { owned: true }))
  mk = await attachMk(createWorld(), { gpu })
})
afterAll(() => {
  mk.dispose()
  gpu.destroy()
})

const words = `
  Target Type Pass Self From Filter Final Module Package Private Public Ref Resource Shared Set Get Static Template Trait
  Union Using Virtual Where With Move Layout Interface Handle Import Common Class Auto Async Await Active
  Storage Read Write Function Workgroup Uniform Sampler Array Atomic Ptr Bool F16 F32 I32 U32 Vec2 Vec3f Vec4f Mat4x4f
  Distance Step Length Cross Dot Min Max Mix Sign Floor Round Log Exp Pow Sin Cos Tan Clamp Normalize Reflect Refract
  Select All Any Abs Ceil Trunc Fract Modf Frexp Ldexp Determinant Transpose Degrees Radians Sqrt Saturate Smoothstep
  FirstLeadingBit ArrayLength TextureLoad AtomicAdd Bitcast Pack4x8unorm StorageBarrier
  Position Velocity Fragment Vertex Compute Location Group Binding Builtin Align Size Id Index Value Data Main
  Größe Δt x position storage vec3f struct distance _a`.split(/\s+/)

/** Calls what a generated name could hide. */
const calls = `
@compute @workgroup_size(1) fn entry() {
  var a = vec4f(distance(vec2f(1), vec2f(2)), step(1.0, 2.0), length(vec3f(1)), min(1.0, max(2.0, mix(1.0, 2.0, 0.5))));
  a += vec4f(dot(a, a), sign(a.x), floor(a.y), round(a.z)) + exp(a) * log(a) + pow(a, a) + clamp(a, a, a) + select(a, a, all(a == a));
  let b = mat4x4f() * a + vec4f(array<f32, 2>(1, 2)[0]) + vec4f(cross(a.xyz, a.zyx), f32(firstLeadingBit(u32(a.x)))) + sqrt(saturate(a));
  sink[0] = bitcast<u32>(b.x);
}
@group(1) @binding(0) var<storage, read_write> sink: array<u32>;`

it(
  'turns every label into WGSL that compiles, or an error that names the option',
  { timeout: 120_000 },
  async () => {
    const wrong: string[] = []
    for (const label of words.filter((word) => word !== '')) {
      let code: string
      try {
        const component = GpuSynced({ x: new Float32Array(4) }, { label, rows: 'packed', capacity: 4 })
        const { rowTable } = mk.buffer(component)
        code = mk.buffer(component).wgsl(0, 0) + rowTable.wgsl(0, 1)
      } catch (error) {
        const told = error instanceof MkError && /`(name|label)`/.test(error.message)
        if (!told) wrong.push(`${label}: ${String(error)}`)
        continue
      }
      device.pushErrorScope('validation')
      const { messages } = await device.createShaderModule({ code: code + calls }).getCompilationInfo()
      await device.popErrorScope()
      for (const { message, type } of messages) if (type === 'error') wrong.push(`${label}: ${message}`)
    }
    expect(wrong).toEqual([])
  },
)
