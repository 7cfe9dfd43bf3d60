import { And, hasComponent, Not, Or } from 'bitecs'

/** A term of a query, in a form that the model can answer by itself. */
export interface Term {
  readonly op: 'has' | 'not' | 'or'
  readonly components: readonly object[]
}

/** Forms of queries that `termsOf` knows. */
export const TERMS = 11

/** Whether a live entity matches, by its own components: asks no query of bitECS. */
export function matches(world: object, entity: number, terms: readonly Term[]): boolean {
  const has = (component: object): boolean => hasComponent(world, entity, component)
  return terms.every(({ op, components }) =>
    op === 'has' ? components.every(has) : op === 'or' ? components.some(has) : !components.some(has),
  )
}

/** The terms that a number stands for. @param pairs of a relation: with one entity, and with any */
export function termsOf(
  q: number,
  components: readonly object[],
  [first, second]: readonly object[],
  [pair, wildcard]: readonly object[],
): Term[] {
  const component = components[q % components.length]
  const has = (...components: object[]): Term => ({ op: 'has', components })
  switch (q % TERMS) {
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
    case 6:
      return [{ op: 'or', components: [component, second] }]
    case 7:
      return [has(pair)]
    case 8:
      return [has(component, wildcard)]
    case 9:
      return [has(wildcard), { op: 'not', components: [pair, component] }]
    default:
      return [
        { op: 'or', components: [pair, first] },
        { op: 'not', components: [second] },
      ]
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
