/** Types for the part of `bitecs/legacy` that the examples use. bitECS 0.4.0 ships without them. */
declare module 'bitecs/legacy' {
  type TypeName = 'i8' | 'ui8' | 'ui8c' | 'i16' | 'ui16' | 'i32' | 'ui32' | 'f32' | 'f64' | 'eid'
  interface ArrayOf {
    i8: Int8Array
    ui8: Uint8Array
    ui8c: Uint8ClampedArray
    i16: Int16Array
    ui16: Uint16Array
    i32: Int32Array
    ui32: Uint32Array
    f32: Float32Array
    f64: Float64Array
    eid: Uint32Array
  }
  interface LegacySchema {
    readonly [field: string]: TypeName | readonly [TypeName, number] | LegacySchema
  }
  /**
   * A typed array per field, an array of them for `[type, length]`, nested objects for nested
   * schemas.
   */
  type LegacyComponent<S> = {
    -readonly [K in keyof S]: S[K] extends TypeName
      ? ArrayOf[S[K]]
      : S[K] extends readonly [infer T extends TypeName, number]
        ? ArrayOf[T][]
        : LegacyComponent<S[K]>
  }
  export const Types: { readonly [T in TypeName]: T }
  /** @param max entities: ids 0 … max − 1, default 100 000 */
  export function defineComponent<const S extends LegacySchema>(schema: S, max?: number): LegacyComponent<S>
  export function defineQuery(components: readonly object[]): (world: object) => readonly number[]
  export function addComponent(world: object, component: object, entity: number): void
  export function removeComponent(world: object, component: object, entity: number): void
}
