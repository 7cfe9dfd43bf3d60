import { $internal, $modifier, $relation, $relationPair } from 'koota'
import type { Modifier, RelationPair, Trait } from 'koota'
import { InvalidOption, UnsupportedTerm } from './errors.ts'
import { isTrait } from './trait.ts'

/** Terms of a query, apart. */
export interface KootaTerms {
  readonly terms: readonly object[]
  /** An entity has all of these, the relations of pairs among them, */
  readonly all: readonly Trait[]
  /** none of these, */
  readonly none: readonly Trait[]
  /** one of these at least, where there are any, */
  readonly any: readonly Trait[]
  /** and those targets. */
  readonly pairs: readonly RelationPair[]
  /** Whether a target is whatever matches a query. */
  readonly byQuery: boolean
}

/** Terms that `checkTerms` has let pass. */
export function readTerms(terms: readonly object[]): KootaTerms {
  const all: Trait[] = []
  const none: Trait[] = []
  const any: Trait[] = []
  const pairs: RelationPair[] = []
  for (const term of terms) {
    if ($modifier in term) {
      const { type, traits } = term as Modifier
      ;(type === 'not' ? none : any).push(...traits)
    } else if ($relationPair in term) {
      const pair = term as RelationPair
      pairs.push(pair)
      all.push(pair.relation[$internal].trait)
    } else all.push(term as Trait)
  }
  return { terms, all, none, any, pairs, byQuery: pairs.some(({ targetQuery }) => targetQuery !== undefined) }
}

/** @throws UnsupportedTerm, InvalidOption */
export function checkTerms(terms: readonly object[]): void {
  let required = 0
  for (const term of terms) {
    if ($modifier in term) {
      const modifier = term as Modifier & { readonly modifiers?: readonly Modifier[] }
      for (const { type } of [modifier, ...(modifier.modifiers ?? [])]) checkModifier(type)
      if (!modifier.traits.every(isTrait))
        throw new UnsupportedTerm(
          `relation in ${modifier.type}`,
          'koota 0.6 takes traits there alone. Name the pair beside it, for example [ChildOf(parent), Not(Asleep)].',
        )
      if (modifier.type !== 'not') required++
    } else if ($relation in term)
      throw new UnsupportedTerm(
        'relation',
        'name whom it leads to, for example ChildOf(parent), or all with ChildOf("*").',
      )
    else if ($relationPair in term || isTrait(term)) required++
    else
      throw new InvalidOption('terms', term, 'traits, and what koota made of them: Not, Or, relation pairs')
  }
  // Destroying an entity takes its traits away one by one; what lacks a trait then matches, and nothing ends that.
  if (required === 0)
    throw new UnsupportedTerm(
      'Not',
      'with nothing beside it, koota goes on listing entities that were destroyed. Add a trait that they have.',
    )
}

function checkModifier(type: string): void {
  const tracking = /^(added|removed|changed)-/u.exec(type)?.[1]
  if (tracking === undefined) return
  throw new UnsupportedTerm(
    tracking[0].toUpperCase() + tracking.slice(1),
    'koota empties such a query whenever somebody runs it, and tells nobody. Query the traits themselves.',
  )
}
