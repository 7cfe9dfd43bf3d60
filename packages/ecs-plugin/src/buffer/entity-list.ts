import type { MkCoordinator } from '@memkit/coordinator'
import type { u32 } from '@memkit/core'
import { NO_ENTITY } from './no-entity.ts'
import { SyncedBuffer, type BufferSource } from './synced-buffer.ts'
import { variableName, type StorageOptions } from './wgsl-binding.ts'

/** Names that the declaration of a list generates beside the list itself. */
export function listNames(name: string, isDispatched: boolean): string[] {
  return isDispatched ? [`${name}Has`, `${name}Index`, `${name}Dispatch`] : [`${name}Has`]
}

/**
 * The list of a query on the device: a `u32` per entity, then `NO_ENTITY` up to the end of the buffer.
 * `arrayLength` isn't the number of entities: call `<name>Has` in a shader.
 */
export class EntityList extends SyncedBuffer<u32> {
  readonly #source: BufferSource
  readonly #workgroupSize: number | undefined

  constructor(source: BufferSource, coordinator: MkCoordinator, workgroupSize: number | undefined) {
    super(source, coordinator)
    this.#source = source
    this.#workgroupSize = workgroupSize
  }

  /**
   * Returns WGSL that declares the list, and whether a place of it holds an entity:
   *
   * ```wgsl
   * @group(0) @binding(1) var<storage, read> shown: array<u32>;
   * fn shownHas(i: u32) -> bool { … }
   * ```
   *
   * For a query with `dispatch`, also `fn shownIndex(id: vec3u, workgroups: vec3u) -> u32`: the
   * place of an invocation with `@builtin(global_invocation_id) id` and
   * `@builtin(num_workgroups) workgroups`. Up to 65 535 workgroups this is `id.x`.
   * @param options.name names the list. Default: the query's label with a small first letter
   * @throws {@link InvalidIdentifier} for a name that WGSL refuses or reserves
   * @throws {@link InvalidOption} where no name is given and there is no label to make one from
   */
  override wgsl(group: number, binding: number, options: StorageOptions = {}): string {
    const name = variableName(this.#source, options.name)
    const list = super.wgsl(group, binding, { ...options, name })
    const has =
      `fn ${name}Has(i: u32) -> bool {\n` +
      `  return i < arrayLength(&${name}) && ${name}[i] != 0x${NO_ENTITY.toString(16)}u;\n}\n`
    if (this.#workgroupSize === undefined) return list + has
    const index =
      `fn ${name}Index(id: vec3u, workgroups: vec3u) -> u32 {\n` +
      `  return id.y * workgroups.x * ${this.#workgroupSize}u + id.x;\n}\n`
    return list + has + index
  }
}
