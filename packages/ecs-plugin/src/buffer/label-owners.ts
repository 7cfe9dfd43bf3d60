/**
 * Decides which object of a world may use a label as its name in WGSL, where a name can be declared
 * only once: the first object keeps the label, the others need names of their own.
 */
export class LabelOwners {
  readonly #owners = new Map<string, object>()

  /** Claims the label for an object, unless another one has it. @returns whether it has it now */
  take(label: string, owner: object): boolean {
    const name = variableOf(label)
    if (!this.#owners.has(name)) this.#owners.set(name, owner)
    return this.#owners.get(name) === owner
  }

  /** Frees the label, if this object has it. */
  release(label: string, owner: object): void {
    const name = variableOf(label)
    if (this.#owners.get(name) === owner) this.#owners.delete(name)
  }
}

/** Says why the label of a component, or of its row table, can't name anything in a shader. */
export function componentLabelProblem(
  source: { readonly label: string },
  isLabelled: boolean,
  labels: LabelOwners,
): string | undefined {
  if (!isLabelled)
    return "the component has no label to make one from (GpuSynced(store, { label: 'Position' }))"
  if (labels.take(source.label, source)) return undefined
  return (
    `another component or query of this world is also called ${source.label}, and a shader can declare a name only once. Or give ` +
    'each of them a label of its own'
  )
}

/** `Position` and `position` both make a variable `position`. */
function variableOf(label: string): string {
  return label.charAt(0).toLowerCase() + label.slice(1)
}
