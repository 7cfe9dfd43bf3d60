/** The error that `act` throws, which must be of a class. */
export function thrownBy<E extends Error>(kind: abstract new (...args: never[]) => E, act: () => unknown): E {
  try {
    act()
  } catch (error) {
    if (error instanceof kind) return error
    throw error
  }
  throw new Error(`nothing was thrown, expected ${kind.name}`)
}
