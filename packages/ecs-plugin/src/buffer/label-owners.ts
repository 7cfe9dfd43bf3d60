/**
 * Decides which object of a world may use a label as its name in WGSL, where a name can be declared
 * only once: the first object keeps the label, the others need names of their own.
 */
export class LabelOwners {
  readonly #owners = new Map<string, { readonly owner: object; readonly variable: string }>()

  /**
   * Claims the label for an object, and all names that are made of it, unless another object has one.
   *
   * @returns undefined when all are this object's now, else what is wrong with the label
   */
  take(label: string, owner: object, namesOf: (name: string) => readonly string[]): string | undefined {
    const variable = variableOf(label)
    const names = [variable, ...namesOf(variable)]
    const taken = names.find((name) => (this.#owners.get(name)?.owner ?? owner) !== owner)
    if (taken === undefined) {
      for (const name of names) this.#owners.set(name, { owner, variable })
      return undefined
    }
    const same = this.#owners.get(taken)!.variable === variable
    const what = same ? `is also called ${label}` : `declares ${taken} too`
    return `another component or query of this world ${what}, and a shader can declare a name only once`
  }

  /** Frees all names that this object has. */
  release(owner: object): void {
    for (const [name, its] of this.#owners) if (its.owner === owner) this.#owners.delete(name)
  }
}

/** What may take a label. */
interface Labelled {
  readonly label: string
  /** Names in WGSL that are made of its name. */
  namesOf(name: string): readonly string[]
}

/** Says why the label of a component, or of its row table, can't name anything in a shader. */
export function componentLabelProblem(
  source: Labelled,
  isLabelled: boolean,
  labels: LabelOwners,
): string | undefined {
  if (!isLabelled)
    return "the component has no label to make one from (GpuSynced(store, { label: 'Position' }))"
  const problem = labels.take(source.label, source, (name) => source.namesOf(name))
  return problem && `${problem}. Or give each of them a label of its own`
}

/** `Position` and `position` both make a variable `position`. */
function variableOf(label: string): string {
  return label.charAt(0).toLowerCase() + label.slice(1)
}
