import type { EcsWorld } from '../ecs/ecs.ts'
import { syncedOptions } from './gpu-synced.ts'

/**
 * Makes a label for a query from the labels of its terms: `[Position, Not(Hidden)]` gives
 * `PositionNotHidden`. Terms without a label (tags, relation pairs) add nothing. Undefined when no
 * term has one.
 */
export function labelOfTerms(ecs: EcsWorld, terms: readonly object[]): string | undefined {
  const labels = labelsOf(ecs, terms)
  return labels.length === 0 ? undefined : labels.join('')
}

function labelsOf(ecs: EcsWorld, terms: readonly object[]): string[] {
  return terms.flatMap((term) => labelOf(ecs, term) ?? [])
}

function labelOf(ecs: EcsWorld, term: object): string | undefined {
  const operation = ecs.operationOf(term)
  if (operation === undefined) {
    const options = syncedOptions(term)
    return options === undefined || !options.isLabelled ? undefined : options.label
  }
  const labels = labelsOf(ecs, operation.terms)
  if (labels.length === 0) return undefined
  return operation.type === 'Or'
    ? labels.join('Or')
    : `${operation.type === 'And' ? '' : operation.type}${labels.join('')}`
}
