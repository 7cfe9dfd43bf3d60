import { And, entityExists, hasComponent, Not, Or } from 'bitecs'

/** A term of a query, in a form that the model can answer by itself. */
export interface Term {
  readonly op: 'has' | 'not' | 'or'
  readonly components: readonly object[]
}

/** Whether an entity matches, by looking at the world alone: no query of bitECS is asked. */
export function matches(world: object, entity: number, terms: readonly Term[]): boolean {
  if (!entityExists(world, entity)) return false
  const has = (component: object): boolean => hasComponent(world, entity, component)
  return terms.every(({ op, components }) =>
    op === 'has' ? components.every(has) : op === 'or' ? components.some(has) : !components.some(has),
  )
}

/** The terms that a number stands for. */
export function termsOf(
  q: number,
  components: readonly object[],
  [first, second]: readonly object[],
): Term[] {
  const component = components[q % components.length]
  const has = (...components: object[]): Term => ({ op: 'has', components })
  switch (q % 7) {
    case 0:
      return [has(component)]
    case 1:
      return [has(component, first)]
    case 2:
      return [has(component), { op: 'not', components: [first] }]
    case 3:
      return [has(component), { op: 'or', components: [first, second] }]
    case 4:
      return [{ op: 'not', components: [first, second] }]
    case 5:
      return [has(second), { op: 'not', components: [component] }]
    default:
      return [{ op: 'or', components: [component, second] }]
  }
}

/** The same for bitECS. */
export function bitecsTerms(terms: readonly Term[]): object[] {
  return terms.flatMap(({ op, components }): object[] => {
    if (op === 'or') return [Or(...components)]
    if (op === 'not') return [Not(...components)]
    return components.length > 1 ? [And(...components)] : [...components]
  })
}

/** Whether two lists of plain components are one query to bitECS. */
export function sameTerms(a: readonly Term[], b: readonly Term[]): boolean {
  const flat = (terms: readonly Term[]): object[] => terms.flatMap(({ components }) => components)
  const [x, y] = [flat(a), flat(b)]
  return x.length === y.length && x.every((component) => y.includes(component))
}
