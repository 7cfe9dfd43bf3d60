import type { MembershipListener } from './ecs.ts'

/** Writes down what a listener hears in a throw-away world whose observers throw. */
export class Probe {
  readonly log: string[] = []

  /** Logs the entities that enter and leave under a name, each change once. */
  listener(name: string): MembershipListener {
    const matching = new Set<number>()
    const enter = (index: number): void => {
      if (!matching.has(index)) this.log.push(`${name}+${index}`)
      matching.add(index)
    }
    const leave = (index: number): void => {
      if (matching.delete(index)) this.log.push(`${name}-${index}`)
    }
    return { enter, remain: enter, leave }
  }

  readonly wrote = (index: number): void => void this.log.push(`set${index}`)

  readonly throws = (): never => {
    throw new Error('an observer threw')
  }
}

/** Runs something whose observers throw. */
export function attempt(run: () => void): void {
  try {
    run()
  } catch {
    // As expected.
  }
}
