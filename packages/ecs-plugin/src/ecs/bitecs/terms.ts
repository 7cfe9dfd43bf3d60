import type { ComponentData, QueryTerm, WorldContext } from 'bitecs'
import type { QueryOperation } from '../ecs.ts'
import { EntityMask, type Wanted } from '../entity-mask.ts'
import { UnsupportedTerm } from '../errors.ts'

// bitECS marks the terms of a query with these symbols, whose names it doesn't export.
const hierarchyKey = Symbol.for('bitecs-hierarchyType')
const operatorKey = Symbol.for('bitecs-opType')
const operandsKey = Symbol.for('bitecs-opTerms')

export interface ListenedQuery {
  /** The components that decide which entities match, each once. */
  readonly components: readonly object[]
  readonly wanted: Wanted
  readonly mask: EntityMask
}

/** Refuses terms whose changes bitECS doesn't report, or which it mistakes for components. */
export function checkTerms(terms: readonly QueryTerm[]): void {
  for (const term of terms) {
    if (hierarchyKey in term)
      throw new UnsupportedTerm({
        term: 'Hierarchy',
        reason:
          'bitECS calls no observers when an entity changes its depth. Query the relation itself, for example ChildOf(parent).',
      })
    const operation = operationOf(term)
    if (operation === undefined) continue
    const { type } = operation
    if (type !== 'And' && type !== 'Or' && type !== 'Not')
      throw new UnsupportedTerm({
        term: type,
        reason: 'it belongs in observe(). Use components, And, Or, Not or relation pairs.',
      })
    const inner = operation.terms.map(operationOf).find((each) => each !== undefined)
    if (inner !== undefined)
      throw new UnsupportedTerm({
        term: `nested ${inner.type}`,
        reason: `inside another term, bitECS mistakes it for a component. Name the components of ${type} directly.`,
      })
  }
}

/** Takes apart a term that bitECS made from other terms. Undefined for any other term. */
export function operationOf(term: object): QueryOperation | undefined {
  if (!(operatorKey in term && operandsKey in term)) return undefined
  return { type: term[operatorKey] as string, terms: term[operandsKey] as object[] }
}

/** Reads terms as bitECS's `registerQuery` does: all `Or` terms of a query count as one. */
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
    const operation = operationOf(term)
    if (operation === undefined) all.push(dataOf(term))
    else lists[operation.type].push(...operation.terms.map(dataOf))
  }
  const components = new Set<object>([...all, ...none, ...any].map(({ ref }) => ref as object))
  const wanted = { all, none, any }
  return { components: [...components], wanted, mask: new EntityMask(entityMasks, wanted) }
}
