import { defineError, type ErrorClass } from '../mk-error.ts'

/**
 * A name that WGSL does not allow, or that would hide one of its types or functions.
 *
 * What to do: choose another name: a `label` for a struct, a `name` in
 * `wgsl(group, binding, { name })` for a variable; `f32.from('column')` reads a field from a column
 * of another name.
 */
export const InvalidIdentifier: ErrorClass<{
  code: 'InvalidIdentifier'
  identifier: string
  /** What the identifier should name. */
  of: 'field' | 'struct' | 'variable'
  reason: string
  remedy?: string | undefined
}> = defineError(
  'InvalidIdentifier',
  ({ identifier, of, reason, remedy = of === 'field' ? RENAME : 'Choose another name' }) =>
    `${JSON.stringify(identifier)} cannot name a ${of} in WGSL: ${reason}. ${remedy}.`,
)
export type InvalidIdentifier = InstanceType<typeof InvalidIdentifier>

const RENAME = "Rename the field; f32.from('column') reads it from a column of another name"

/** Keywords of WGSL and the words it reserves: neither may name a field or a struct. */
const RESERVED: ReadonlySet<string> = new Set(
  `alias break case const const_assert continue continuing default diagnostic discard else enable false fn for if let
  loop override requires return struct switch true var while
  NULL Self abstract active alignas alignof as asm asm_fragment async attribute auto await become cast catch class
  co_await co_return co_yield coherent column_major common compile compile_fragment concept const_cast consteval
  constexpr constinit crate debugger decltype delete demote demote_to_helper do dynamic_cast enum explicit export
  extends extern external fallthrough filter final finally friend from fxgroup get goto groupshared highp impl
  implements import inline instanceof interface layout lowp macro macro_rules match mediump meta mod module move mut
  mutable namespace new nil noexcept noinline nointerpolation non_coherent noncoherent noperspective null nullptr of
  operator package packoffset partition pass patch pixelfragment precise precision premerge priv protected pub public
  readonly ref regardless register reinterpret_cast require resource restrict self set shared sizeof smooth snorm
  static static_assert static_cast std subroutine super target template this thread_local throw trait try type typedef
  typeid typename typeof union unless unorm unsafe unsized use using varying virtual volatile wgsl where with writeonly
  yield`.split(/\s+/),
)

/**
 * Names that WGSL declares: types, enumerants and builtin functions. Declaring one of them at
 * module scope compiles, and hides the original from the whole shader: after
 * `var<storage, read> distance` no function can call `distance()`.
 */
const PREDECLARED: ReadonlySet<string> = new Set(
  `array atomic bool f16 f32 i32 u32 ptr sampler sampler_comparison
  texture_1d texture_2d texture_2d_array texture_3d texture_cube texture_cube_array texture_multisampled_2d
  texture_depth_multisampled_2d texture_external texture_depth_2d texture_depth_2d_array texture_depth_cube
  texture_depth_cube_array texture_storage_1d texture_storage_2d texture_storage_2d_array texture_storage_3d
  input_attachment subgroup_matrix_left subgroup_matrix_right subgroup_matrix_result texel_buffer
  read write read_write function private workgroup uniform storage handle immediate pixel_local push_constant
  bitcast all any select arrayLength abs acos acosh asin asinh atan atan2 atanh ceil clamp cos cosh countLeadingZeros
  countOneBits countTrailingZeros cross degrees determinant distance dot dot4I8Packed dot4U8Packed exp exp2 extractBits
  faceForward firstLeadingBit firstTrailingBit floor fma fract frexp insertBits inverseSqrt ldexp length log log2 max min
  mix modf normalize pow quantizeToF16 radians reflect refract reverseBits round saturate sign sin sinh smoothstep sqrt
  step tan tanh transpose trunc dpdx dpdxCoarse dpdxFine dpdy dpdyCoarse dpdyFine fwidth fwidthCoarse fwidthFine
  textureBarrier textureDimensions textureGather textureGatherCompare textureLoad textureNumLayers textureNumLevels
  textureNumSamples textureSample textureSampleBaseClampToEdge textureSampleBias textureSampleCompare
  textureSampleCompareLevel textureSampleGrad textureSampleLevel textureStore
  atomicAdd atomicAnd atomicCompareExchangeWeak atomicExchange atomicLoad atomicMax atomicMin atomicOr atomicStore
  atomicSub atomicXor pack2x16float pack2x16snorm pack2x16unorm pack4x8snorm pack4x8unorm pack4xI8 pack4xI8Clamp
  pack4xU8 pack4xU8Clamp unpack2x16float unpack2x16snorm unpack2x16unorm unpack4x8snorm unpack4x8unorm unpack4xI8
  unpack4xU8 storageBarrier workgroupBarrier workgroupUniformLoad
  subgroupAdd subgroupAll subgroupAnd subgroupAny subgroupBallot subgroupBroadcast subgroupBroadcastFirst subgroupElect
  subgroupExclusiveAdd subgroupExclusiveMul subgroupInclusiveAdd subgroupInclusiveMul subgroupMax subgroupMin
  subgroupMul subgroupOr subgroupShuffle subgroupShuffleDown subgroupShuffleUp subgroupShuffleXor subgroupXor
  quadBroadcast quadSwapDiagonal quadSwapX quadSwapY`.split(/\s+/),
)

/** The same for names in series: vectors, matrices and texel formats. */
const PREDECLARED_SERIES =
  /^(vec[234][fiuh]?|mat[234]x[234][fh]?|(r|rg|rgb|rgba|bgra)(8|16|32)(unorm|snorm|uint|sint|float)|rgb10a2u(int|norm)|rg11b10ufloat)$/

/** @throws {@link InvalidIdentifier} when `name` cannot name a field in WGSL */
export function checkFieldName(name: string): void {
  refuse('field', name, identifierProblem(name))
}

/** @throws {@link InvalidIdentifier} with this `remedy` when `name` cannot name a struct */
export function checkStructName(name: string, remedy?: string): void {
  refuse('struct', name, declarationProblem(name), remedy)
}

/** @throws {@link InvalidIdentifier} with this `remedy` when `name` cannot name a variable */
export function checkVariableName(name: string, remedy?: string): void {
  refuse('variable', name, declarationProblem(name), remedy)
}

/**
 * Says why `name` cannot name a struct, variable or function in generated WGSL; `undefined` when it
 * can. Stricter than for fields: a declaration hides what WGSL itself calls by that name.
 */
export function declarationProblem(name: string): string | undefined {
  if (PREDECLARED.has(name) || PREDECLARED_SERIES.test(name))
    return 'WGSL has a type, keyword or function of that name, which the declaration would hide'
  return identifierProblem(name)
}

/** Says why `name` cannot be an identifier in WGSL; `undefined` when it can. */
function identifierProblem(name: string): string | undefined {
  if (name === '') return 'it is empty'
  if (!/^[_\p{XID_Start}]\p{XID_Continue}*$/u.test(name))
    return 'a name is a letter or an underscore, then letters, digits and underscores'
  if (name === '_') return 'a single underscore is not a name'
  if (name.startsWith('__')) return 'two underscores at the start are not allowed'
  if (RESERVED.has(name)) return 'WGSL reserves that word'
  return undefined
}

function refuse(of: InvalidIdentifier['of'], identifier: string, reason?: string, remedy?: string): void {
  if (reason !== undefined) throw new InvalidIdentifier({ identifier, of, reason, remedy })
}
