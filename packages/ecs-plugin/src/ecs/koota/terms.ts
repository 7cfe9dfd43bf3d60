import { $internal, $modifier, $relation, $relationPair } from 'koota'
import type { Modifier, RelationPair, Trait } from 'koota'
import { checkOption } from '../../options.ts'
import { UnsupportedTerm } from '../errors.ts'
import { isTrait } from '../trait.ts'

/** koota's `Or` has the modifiers among its terms apart from its traits. */
export type Combined = Modifier & { readonly modifiers?: readonly Modifier[] }

/** The terms of a query by kind. */
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
  /** Whether a target is given by a query. */
  readonly byQuery: boolean
}

/** Checks the terms of a query and sorts them by kind. */
export function readTerms(terms: readonly object[]): KootaTerms {
  const all: Trait[] = []
  const none: Trait[] = []
  const any: Trait[] = []
  const pairs: RelationPair[] = []
  let hasOr = false
  for (const term of terms) {
    if ($modifier in term) {
      const { modifiers = [], type, traits } = term as Combined
      for (const each of [type, ...modifiers.map((modifier) => modifier.type)]) checkModifier(each)
      if (!traits.every(isTrait))
        throw new UnsupportedTerm({
          term: `relation in ${type}`,
          reason:
            'koota 0.6 takes only traits there. Name the pair beside it, for example [ChildOf(parent), Not(Asleep)].',
        })
      if (type === 'not') none.push(...traits)
      else any.push(...traits)
      hasOr ||= type !== 'not'
    } else if ($relation in term)
      throw new UnsupportedTerm({
        term: 'relation',
        reason: 'name its target, for example ChildOf(parent), or all targets with ChildOf("*").',
      })
    else if ($relationPair in term) {
      const pair = term as RelationPair
      pairs.push(pair)
      all.push(pair.relation[$internal].trait)
    } else {
      const allowed = 'traits, and what koota made of them: Not, Or, relation pairs'
      checkOption(isTrait(term), 'terms', term, allowed)
      all.push(term as unknown as Trait)
    }
  }
  // Destroying an entity removes its traits one by one. It then matches a query for entities
  // without a trait, for good.
  if (all.length === 0 && !hasOr)
    throw new UnsupportedTerm({
      term: 'Not',
      reason:
        'with nothing beside it, koota keeps listing entities that were destroyed. Add a trait that they have.',
    })
  return { terms, all, none, any, pairs, byQuery: pairs.some(({ targetQuery }) => targetQuery !== undefined) }
}

function checkModifier(type: string): void {
  const tracking = /^(added|removed|changed)-/u.exec(type)?.[1]
  if (tracking === undefined) return
  throw new UnsupportedTerm({
    term: tracking[0].toUpperCase() + tracking.slice(1),
    reason:
      'koota empties such a query each time it runs, without reporting it. Query the traits themselves.',
  })
}
