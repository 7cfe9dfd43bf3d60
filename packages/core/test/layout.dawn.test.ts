import fc from 'fast-check'
import { create, globals } from 'webgpu'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  align,
  array,
  atomic,
  f16,
  f32,
  halfValue,
  hasCode,
  i32,
  layoutProblems,
  mat2x2f,
  mat2x3f,
  mat2x4f,
  mat3x2f,
  mat3x3f,
  mat3x3h,
  mat3x4f,
  mat4x2f,
  mat4x3f,
  mat4x4f,
  scalarsOf,
  size,
  struct,
  u32,
  vec2f,
  vec2h,
  vec2i,
  vec2u,
  vec3f,
  vec3h,
  vec3i,
  vec3u,
  vec4f,
  vec4h,
  vec4i,
  vec4u,
} from '@memkit/core'
import type { FieldLike, Struct, WgslType } from '@memkit/core'

// What the layouts say, held against a device: the WGSL compiles, and values written by a shader lie where the offsets say.

Object.assign(globalThis, globals)
// Held while its device is in use: Dawn crashes otherwise.
let gpu: GPU | undefined = create(['backend=vulkan'])
let device: GPUDevice
let hasHalves = false

beforeAll(async () => {
  const adapter = await gpu!.requestAdapter()
  if (adapter === null) throw new Error('no Vulkan device: is chromium (SwiftShader) installed?')
  hasHalves = adapter.features.has('shader-f16')
  device = await adapter.requestDevice({ requiredFeatures: hasHalves ? ['shader-f16'] : [] })
})

afterAll(() => {
  device.destroy()
  gpu = undefined
})

/** Errors that the device finds in WGSL; empty when it takes it. */
async function errorsIn(code: string): Promise<string[]> {
  device.pushErrorScope('validation')
  const module = device.createShaderModule({ code })
  const info = await module.getCompilationInfo()
  await device.popErrorScope()
  return info.messages.filter((m) => m.type === 'error').map((m) => m.message)
}

describe('names', () => {
  // Keywords and reserved words of WGSL, words that other shading languages reserve, and words that only look dangerous.
  const words =
    `alias break case const const_assert continue continuing default diagnostic discard else enable false fn
    for if let loop override requires return struct switch true var while NULL Self abstract active alignas alignof as asm
    asm_fragment async attribute auto await become cast catch class co_await co_return co_yield coherent column_major
    common compile compile_fragment concept const_cast consteval constexpr constinit crate debugger decltype delete demote
    demote_to_helper do dynamic_cast enum explicit export extends extern external fallthrough filter final finally friend
    from fxgroup get goto groupshared highp impl implements import inline instanceof interface layout lowp macro
    macro_rules match mediump meta mod module move mut mutable namespace new nil noexcept noinline nointerpolation
    non_coherent noncoherent noperspective null nullptr of operator package packoffset partition pass patch pixelfragment
    precise precision premerge priv protected pub public readonly ref regardless register reinterpret_cast require resource
    restrict self set shared sizeof smooth snorm static static_assert static_cast std subroutine super target template this
    thread_local throw trait try type typedef typeid typename typeof union unless unorm unsafe unsized use using varying
    virtual volatile wgsl where with writeonly yield
    bitcast bool f16 f32 i32 u32 vec3f mat4x4f array atomic ptr sampler texture_2d uniform storage workgroup read write
    read_write function private handle binary16 double float half int long short uint void unsigned signed char string
    position vertex fragment compute align size location builtin id group binding main name value data component length
    x y z w r g b a xyz rgba constructor toString prototype hasOwnProperty valueOf undefined NaN in is not and or xor
    größe Δt 速度 _a a_ a__b _ __ __a a-b 9a a.b`.split(/\s+/)

  function isFieldName(word: string): boolean {
    try {
      struct({ [word]: f32 })
      return true
    } catch (error) {
      if (hasCode(error, 'InvalidIdentifier')) return false
      throw error
    }
  }

  it('of fields are accepted by layouts exactly when the device accepts them', async () => {
    const disagree: string[] = []
    for (const word of words) {
      const errors = await errorsIn(`struct S { ${word}: f32 }\n@group(0) @binding(0) var<storage> s: S;`)
      if ((errors.length === 0) !== isFieldName(word)) disagree.push(word)
    }
    expect(disagree).toEqual([])
  }, 60_000)
})

const plain: WgslType[] = [
  f32,
  i32,
  u32,
  vec2f,
  vec3f,
  vec4f,
  vec2i,
  vec3i,
  vec4i,
  vec2u,
  vec3u,
  vec4u,
  mat2x2f,
  mat2x3f,
  mat2x4f,
  mat3x2f,
  mat3x3f,
  mat3x4f,
  mat4x2f,
  mat4x3f,
  mat4x4f,
]
const halves: WgslType[] = [f16, vec2h, vec3h, vec4h, mat3x3h]

function structsOf(leaves: readonly WgslType[]): fc.Arbitrary<Struct> {
  const withAttribute = (type: WgslType): fc.Arbitrary<FieldLike> =>
    fc.oneof(
      { weight: 5, arbitrary: fc.constant<FieldLike>(type) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 }).map((n) => align(type.align << n, type)) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 5 }).map((n) => size(type.size + 4 * n, type)) },
    )
  const fields = (types: fc.Arbitrary<WgslType>): fc.Arbitrary<Struct> =>
    fc
      .array(types.chain(withAttribute), { minLength: 1, maxLength: 5 })
      .map((list) => struct(Object.fromEntries(list.map((type, i) => [`f${i}`, type]))))
  const { type } = fc.letrec<{ type: WgslType }>((tie) => ({
    type: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(...leaves),
      fc.tuple(tie('type'), fc.integer({ min: 1, max: 3 })).map(([element, count]) => array(element, count)),
      fields(tie('type')),
    ),
  }))
  return fields(type)
}

/** `lights.2.pos.x` in WGSL: `s.lights[2].pos.x`. */
function access(path: string): string {
  const steps = path.split('.').map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step}`))
  return `s${steps.join('')}`
}

/** Has a shader write 1, 2, 3 … to the scalars of a struct, and returns the bytes. */
async function writtenByShader(type: Struct, enable: string): Promise<DataView> {
  const writes = scalarsOf(type).map(({ path, type: scalar }, i) => {
    const place = access(path)
    return isAtomic(type, path)
      ? `  atomicStore(&${place}, ${scalar}(${i + 1}));`
      : `  ${place} = ${scalar}(${i + 1});`
  })
  const code = `${enable}${type.wgsl('S')}
@group(0) @binding(0) var<storage, read_write> s: S;
@compute @workgroup_size(1) fn main() {
${writes.join('\n')}
}`
  const errors = await errorsIn(code)
  expect(errors, code).toEqual([])
  const bytes = Math.ceil(type.size / 4) * 4
  const target = device.createBuffer({ size: bytes, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC })
  const back = device.createBuffer({ size: bytes, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ })
  const module = device.createShaderModule({ code })
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } })
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer: target } }],
  })
  const encoder = device.createCommandEncoder()
  const pass = encoder.beginComputePass()
  pass.setPipeline(pipeline)
  pass.setBindGroup(0, bindGroup)
  pass.dispatchWorkgroups(1)
  pass.end()
  encoder.copyBufferToBuffer(target, 0, back, 0, bytes)
  device.queue.submit([encoder.finish()])
  await back.mapAsync(GPUMapMode.READ)
  const copy = back.getMappedRange().slice(0)
  back.destroy()
  target.destroy()
  return new DataView(copy)
}

/** Whether the scalar at a path is an atomic. */
function isAtomic(type: WgslType, path: string): boolean {
  const leaf = path.split('.').reduce<WgslType>((at, step) => {
    if (at.kind === 'struct') return at.members[step].type
    return at.kind === 'array' ? at.element : at
  }, type)
  return leaf.kind === 'atomic'
}

/** What lies at the offsets of a struct's scalars. */
function scalarsIn(type: Struct, view: DataView): number[] {
  return scalarsOf(type).map(({ offset, type: scalar }) => {
    if (scalar === 'f32') return view.getFloat32(offset, true)
    if (scalar === 'i32') return view.getInt32(offset, true)
    return scalar === 'u32' ? view.getUint32(offset, true) : halfValue(view.getUint16(offset, true))
  })
}

describe('offsets', () => {
  it('are where a shader writes: 100 random nested structs', async () => {
    await fc.assert(
      fc.asyncProperty(structsOf([...plain, atomic(u32), atomic(i32)]), async (type) => {
        const view = await writtenByShader(type, '')
        expect(scalarsIn(type, view)).toEqual(scalarsOf(type).map((_, i) => i + 1))
      }),
      { numRuns: 100, endOnFailure: true },
    )
  }, 120_000)

  it('are where a shader writes, with 16-bit floats too', async ({ skip }) => {
    if (!hasHalves) skip('the device has no shader-f16')
    await fc.assert(
      fc.asyncProperty(structsOf([f32, vec3f, ...halves]), async (type) => {
        const view = await writtenByShader(type, 'enable f16;\n')
        expect(scalarsIn(type, view)).toEqual(scalarsOf(type).map((_, i) => i + 1))
      }),
      { numRuns: 30, endOnFailure: true },
    )
  }, 120_000)
})

describe('the rules of the uniform address space', () => {
  it('accept nothing that the device refuses, and refuse no more than a strict device: 400 random nested structs', async () => {
    // A device with this feature takes what WGSL used to forbid.
    const lenient = gpu!.wgslLanguageFeatures.has('uniform_buffer_standard_layout')
    let passed = 0
    await fc.assert(
      fc.asyncProperty(structsOf([f32, u32, vec2f, vec3f, vec4f, mat3x3f, atomic(u32)]), async (type) => {
        const code = `${type.wgsl('S')}\n@group(0) @binding(0) var<uniform> s: S;`
        const errors = await errorsIn(code)
        const problems = layoutProblems(type, 'uniform')
        const told = [code, ...errors, ...problems.map((p) => `${p.path}: ${p.reason}`)].join('\n')
        if (problems.length === 0) expect(errors, told).toEqual([])
        else if (!lenient) expect(errors.length, told).toBeGreaterThan(0)
        if (problems.length === 0) passed++
      }),
      { numRuns: 400, endOnFailure: true },
    )
    // Both answers were seen.
    expect(passed).toBeGreaterThan(40)
    expect(passed).toBeLessThan(360)
  }, 120_000)
})
