/** Numbers that a seed determines. */
export function randomFrom(seed: number): { random: () => number; int: (below: number) => number } {
  let state = seed >>> 0
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  return { random, int: (below) => Math.floor(random() * below) }
}
