import type { Query } from 'bitecs'

const yes = (): boolean => true
const nothing = (): void => {}
const silent = { subscribe: () => nothing, notify: nothing }

/** An empty set of entities that may give false answers. */
export function emptySet(answers: Partial<Query['toRemove']>): Query['toRemove'] {
  const empty = {
    has: yes,
    add: nothing,
    remove: nothing,
    reset: nothing,
    sort: nothing,
    sparse: [],
    dense: [],
  }
  return { ...empty, ...answers }
}

/** Makes something that bitECS takes for a query without components. */
export function queryLike(answers: Partial<Query>): Query {
  return {
    ...emptySet({}),
    allComponents: [],
    orComponents: [],
    notComponents: [],
    masks: {},
    orMasks: {},
    notMasks: {},
    hasMasks: {},
    generations: [],
    toRemove: emptySet({}),
    addObservable: silent,
    removeObservable: silent,
    queues: {},
    ...answers,
  }
}
