import { MkError } from '@memkit/core'
import { MkGpu } from '@memkit/gpu'
import { dawnDevice } from '@memkit/gpu/node'
import { WebGpuBackend } from '@memkit/gpu'
import { createWorld } from 'bitecs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { attachMk, GpuSynced, loadColumns, type MkSync } from '../src/index.ts'

// Whatever a component is called: what its buffer declares compiles, beside every builtin that a shader may call; or the error says
// which option helps.

let gpu: MkGpu
let device: GPUDevice
let mk: MkSync
/** Of a world whose components are in columns. */
let inColumns: MkSync
beforeAll(async () => {
  device = await dawnDevice()
  gpu = new MkGpu(new WebGpuBackend(device, { owned: true }))
  mk = await attachMk(createWorld(), { gpu })
  inColumns = await attachMk(createWorld(), { gpu })
  await loadColumns()
})
afterAll(() => {
  mk.dispose()
  inColumns.dispose()
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

/** Declarations of a component with this label, and of its row table. */
function inRows(label: string): string {
  const component = GpuSynced({ x: new Float32Array(4) }, { label, rows: 'packed', capacity: 4 })
  const { rowTable } = mk.buffer(component)
  return mk.buffer(component).wgsl(0, 0) + rowTable.wgsl(0, 1)
}

/** The same in columns, whose names are as odd as those of what is generated beside them. */
function asColumns(label: string): string {
  const columns = {
    x: new Float32Array(4),
    words: new Uint8Array(4),
    Row: new Int16Array(4),
    capacity: new Int32Array(4),
  }
  return inColumns.buffer(GpuSynced(columns, { label, layout: 'columns', capacity: 4 })).wgsl(0, 0)
}

it.each([
  ['rows', inRows],
  ['columns', asColumns],
] as const)(
  'turns every label into WGSL that compiles, or an error that names the option, for %s',
  { timeout: 120_000 },
  async (_, declare) => {
    const wrong: string[] = []
    for (const label of words.filter((word) => word !== '')) {
      let code: string
      try {
        code = declare(label)
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
