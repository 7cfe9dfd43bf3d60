import { InvalidIdentifier } from '../errors.ts'

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

/** Types that generated WGSL refers to: a struct of that name would hide them. */
const TYPE_NAME = /^([fiu]32|f16|bool|vec[234][fiuh]?|mat[234]x[234][fh]?|array|atomic)$/

/** Why `name` cannot name a field in WGSL; `undefined` when it can. */
export function identifierProblem(name: string): string | undefined {
  if (name === '') return 'it is empty'
  if (!/^[_\p{XID_Start}]\p{XID_Continue}*$/u.test(name)) {
    return 'a name is a letter or an underscore, then letters, digits and underscores'
  }
  if (name === '_') return 'a single underscore is no name'
  if (name.startsWith('__')) return 'two underscores at the start are not allowed'
  if (RESERVED.has(name)) return 'WGSL reserves that word'
  return undefined
}

/** @throws InvalidIdentifier when `name` cannot name a field in WGSL */
export function checkFieldName(name: string): void {
  const problem = identifierProblem(name)
  if (problem !== undefined) throw new InvalidIdentifier(name, 'field', problem)
}

/** @throws InvalidIdentifier when `name` cannot name a struct in generated WGSL */
export function checkStructName(name: string): void {
  const problem = TYPE_NAME.test(name) ? 'it would hide the type of that name' : identifierProblem(name)
  if (problem !== undefined) throw new InvalidIdentifier(name, 'struct', problem)
}
