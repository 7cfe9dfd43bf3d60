/**
 * Which object of a world may be called in WGSL by its label. Two that declare one name do not fit into one shader, and only the WGSL
 * compiler would say so: the first keeps the label, the others are asked for names of their own.
 */
export class LabelOwners {
  readonly #owners = new Map<string, object>()

  /** Takes the label for an object, unless another has it. @returns whether it is this object's now */
  take(label: string, owner: object): boolean {
    const name = variableOf(label)
    const known = this.#owners.get(name)
    if (known === undefined) this.#owners.set(name, owner)
    return known === undefined || known === owner
  }

  /** The label is free again, if it was this object's. */
  release(label: string, owner: object): void {
    const name = variableOf(label)
    if (this.#owners.get(name) === owner) this.#owners.delete(name)
  }
}

/** Why the label of a component, or of what belongs to it, cannot name anything in a shader; undefined when it can. */
export function componentLabelProblem(
  source: { readonly label: string },
  isLabelled: boolean,
  labels: LabelOwners,
): string | undefined {
  if (!isLabelled)
    return "the component has no label to take one from (GpuSynced(store, { label: 'Position' }))"
  if (labels.take(source.label, source)) return undefined
  return (
    `another component or query of this world is called ${source.label} too, and a shader takes a name once. Or give each of them a label ` +
    'of its own'
  )
}

/** `Position` and `position` both make a variable `position`. */
function variableOf(label: string): string {
  return label.charAt(0).toLowerCase() + label.slice(1)
}
