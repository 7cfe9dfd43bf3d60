import type { ComponentData, QueryTerm, WorldContext } from 'bitecs'
import { EntityMask } from './entity-mask.ts'
import { UnsupportedTerm } from './errors.ts'

// bitECS marks the terms of a query with these symbols. Their names are not exported, their keys are global.
const hierarchyKey = Symbol.for('bitecs-hierarchyType')
const operatorKey = Symbol.for('bitecs-opType')
const operandsKey = Symbol.for('bitecs-opTerms')

/** A query as the listener follows it. */
export interface ListenedQuery {
  /** Those whose coming and going may change who matches, each once. */
  readonly components: readonly object[]
  readonly mask: EntityMask
}

/** @throws UnsupportedTerm for terms whose changes bitECS does not report, or which it takes for components */
export function checkTerms(terms: readonly QueryTerm[]): void {
  for (const term of terms) {
    if (hierarchyKey in term)
      throw new UnsupportedTerm(
        'Hierarchy',
        'bitECS fires no observers when an entity changes its depth. Query the relation itself, for example ChildOf(parent).',
      )
    if (!(operatorKey in term)) continue
    const operator = (term as { readonly [operatorKey]: string })[operatorKey]
    if (operator !== 'And' && operator !== 'Or' && operator !== 'Not')
      throw new UnsupportedTerm(
        operator,
        'it is what observe() takes. Name components, And, Or, Not or relation pairs.',
      )
    for (const operand of operandsOf(term))
      if (operatorKey in operand)
        throw new UnsupportedTerm(
          `nested ${(operand as { readonly [operatorKey]: string })[operatorKey]}`,
          `inside of another term bitECS takes it for a component that no entity has. Name the components of ${operator} themselves.`,
        )
  }
}

/** Reads terms as bitECS's `registerQuery` does: all `Or` terms of a query are one. */
export function queryOf(
  terms: readonly QueryTerm[],
  entityMasks: WorldContext['entityMasks'],
  dataOf: (component: object) => ComponentData,
): ListenedQuery {
  const all: ComponentData[] = []
  const none: ComponentData[] = []
  const any: ComponentData[] = []
  const lists: Readonly<Record<string, ComponentData[]>> = { And: all, Not: none, Or: any }
  for (const term of terms) {
    if (operatorKey in term) {
      const list = lists[(term as { readonly [operatorKey]: string })[operatorKey]]
      for (const component of operandsOf(term)) list.push(dataOf(component))
    } else all.push(dataOf(term))
  }
  const components = new Set<object>([...all, ...none, ...any].map(({ ref }) => ref as object))
  return { components: [...components], mask: new EntityMask(entityMasks, { all, none, any }) }
}

function operandsOf(term: object): readonly object[] {
  return (term as { readonly [operandsKey]: readonly object[] })[operandsKey]
}
