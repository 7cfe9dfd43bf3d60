import { SystemOrderCycle, UnsatisfiableOrder } from './errors.ts'
import { type Schedule, scheduleOrder } from './schedule.ts'
import type { SystemSet } from './system.ts'

/** A function that is compared and called, whatever its world. */
type AnySystem = (world: never, app: never) => unknown
type AnyTarget = AnySystem | SystemSet

/** A system as it was added. */
export interface SystemNode {
  readonly schedule: Schedule
  readonly label: string
  readonly run: AnySystem
  readonly runIf: ((world: never, app: never) => boolean) | undefined
  readonly sets: readonly SystemSet[]
  readonly before: readonly AnyTarget[]
  readonly after: readonly AnyTarget[]
  readonly edge: 'first' | 'last' | undefined
  /** `Startup` alone: has run. */
  done: boolean
}

/**
 * The systems of all schedules and the order in which each schedule runs them. The order is worked out when it is first
 * asked for and kept until a system of that schedule is added or removed; an array that was handed out never changes.
 *
 * Order of a schedule: over and over, of the systems whose predecessors have all run, take the one that was added first,
 * where those at the `'first'` edge (and what must precede them) go before, and those at the `'last'` edge after all others.
 */
export class SystemGraph {
  readonly #nodes = new Map<Schedule, SystemNode[]>(scheduleOrder.map((schedule) => [schedule, []]))
  readonly #orders = new Map<Schedule, readonly SystemNode[]>()
  /** The systems that a function or a set stands for, and those that are to run before or after it. */
  readonly #standsFor = new Map<AnyTarget, SystemNode[]>()
  readonly #orderedBy = new Map<AnyTarget, SystemNode[]>()

  add(node: SystemNode): void {
    this.#of(node.schedule).push(node)
    for (const name of namesOf(node)) listIn(this.#standsFor, name, node)
    for (const target of targetsOf(node)) listIn(this.#orderedBy, target, node)
    this.#orders.delete(node.schedule)
  }

  remove(node: SystemNode): void {
    take(this.#of(node.schedule), node)
    for (const name of namesOf(node)) take(this.#standsFor.get(name)!, node)
    for (const target of targetsOf(node)) take(this.#orderedBy.get(target)!, node)
    this.#orders.delete(node.schedule)
  }

  clear(): void {
    for (const nodes of this.#nodes.values()) nodes.length = 0
    this.#orders.clear()
    this.#standsFor.clear()
    this.#orderedBy.clear()
  }

  /** Throws `SystemOrderCycle` or `UnsatisfiableOrder` when the constraints of any schedule cannot be met. */
  check(): void {
    // A system of another schedule may have made an order that was worked out before impossible.
    this.#orders.clear()
    for (const schedule of scheduleOrder) this.order(schedule)
  }

  /**
   * Throws like {@link check} when a system that was just added spoils what could be met before. It looks at what the system is
   * ordered with alone and works out no order: games add hundreds of systems in one go.
   */
  checkAdded(node: SystemNode): void {
    const { before, after, schedule } = node
    for (const target of before) this.#resolve(schedule, node, 'before', target)
    for (const target of after) this.#resolve(schedule, node, 'after', target)
    for (const name of namesOf(node))
      for (const other of this.#orderedBy.get(name) ?? []) {
        if (other.before.includes(name)) this.#resolve(other.schedule, other, 'before', name)
        if (other.after.includes(name)) this.#resolve(other.schedule, other, 'after', name)
      }
    // Any new circle goes through the new system. Working out the order names the systems on it.
    if (this.#isOnCircle(node)) this.order(schedule)
  }

  /** The systems of a schedule in the order to run them. Throws like {@link check}. */
  order(schedule: Schedule): readonly SystemNode[] {
    const known = this.#orders.get(schedule)
    if (known !== undefined) return known
    const nodes = this.#of(schedule)
    const order = sorted(schedule, nodes, this.#predecessors(schedule, nodes))
    this.#orders.set(schedule, order)
    return order
  }

  #of(schedule: Schedule): SystemNode[] {
    return this.#nodes.get(schedule)!
  }

  /** For each system, the systems that run before it by name. */
  #predecessors(schedule: Schedule, nodes: readonly SystemNode[]): Map<SystemNode, Set<SystemNode>> {
    const predecessors = new Map(nodes.map((node) => [node, new Set<SystemNode>()]))
    for (const node of nodes) {
      for (const target of node.before) {
        for (const other of this.#resolve(schedule, node, 'before', target))
          predecessors.get(other)!.add(node)
      }
      for (const target of node.after) {
        for (const other of this.#resolve(schedule, node, 'after', target)) predecessors.get(node)!.add(other)
      }
    }
    return predecessors
  }

  #isOnCircle(start: SystemNode): boolean {
    const seen = new Set<SystemNode>()
    const waiting = [start]
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      for (const next of this.#successors(node)) {
        if (next === start) return true
        if (seen.has(next)) continue
        seen.add(next)
        waiting.push(next)
      }
    }
    return false
  }

  /** The systems that run after a system by name. */
  #successors(node: SystemNode): SystemNode[] {
    const here = (other: SystemNode): boolean => other.schedule === node.schedule
    const named = node.before.flatMap((target) => this.#standsFor.get(target) ?? [])
    const naming = namesOf(node).flatMap((name) =>
      (this.#orderedBy.get(name) ?? []).filter(({ after }) => after.includes(name)),
    )
    return [...named, ...naming].filter(here)
  }

  /** The systems of this schedule that `target` stands for. */
  #resolve(
    schedule: Schedule,
    node: SystemNode,
    relation: 'before' | 'after',
    target: AnyTarget,
  ): SystemNode[] {
    const found = this.#standsFor.get(target) ?? []
    const here = found.filter((other) => other.schedule === schedule)
    if (here.length > 0) return here
    const place = scheduleOrder.indexOf(schedule)
    for (const [otherPlace, other] of scheduleOrder.entries()) {
      if (relation === 'before' ? otherPlace >= place : otherPlace <= place) continue
      if (found.some((candidate) => candidate.schedule === other))
        throw new UnsatisfiableOrder(schedule, node.label, relation, targetLabel(target), other)
    }
    if (found.length === 0 && typeof target === 'function') {
      throw new UnsatisfiableOrder(schedule, node.label, relation, targetLabel(target), undefined)
    }
    return here
  }
}

/** What others may call a system by. */
function namesOf(node: SystemNode): AnyTarget[] {
  return [node.run, ...node.sets]
}

/** What a system is ordered by, each once. */
function targetsOf(node: SystemNode): Set<AnyTarget> {
  return new Set([...node.before, ...node.after])
}

function listIn<K>(lists: Map<K, SystemNode[]>, key: K, node: SystemNode): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [node])
  else list.push(node)
}

function take(list: SystemNode[], node: SystemNode): void {
  const index = list.indexOf(node)
  if (index >= 0) list.splice(index, 1)
}

function targetLabel(target: AnyTarget): string {
  if (typeof target === 'function') return target.name === '' ? 'an anonymous system' : target.name
  return typeof target === 'symbol' ? `set ${target.description ?? 'symbol'}` : `set '${target}'`
}

/** A stable topological sort; see {@link SystemGraph} for the rule. Quadratic: it runs once per change, over few systems. */
function sorted(
  schedule: Schedule,
  nodes: readonly SystemNode[],
  predecessors: ReadonlyMap<SystemNode, ReadonlySet<SystemNode>>,
): readonly SystemNode[] {
  // What must precede a system at the first edge goes there with it; else an unrelated system could slip in between.
  const early = new Set<SystemNode>()
  const pull = (node: SystemNode): void => {
    if (early.has(node)) return
    early.add(node)
    for (const predecessor of predecessors.get(node)!) pull(predecessor)
  }
  for (const node of nodes) if (node.edge === 'first') pull(node)
  const tier = (node: SystemNode): number => (early.has(node) ? 0 : node.edge === 'last' ? 2 : 1)

  const waiting = new Set(nodes)
  const order: SystemNode[] = []
  while (waiting.size > 0) {
    let next: SystemNode | undefined
    for (const node of waiting) {
      if (next !== undefined && tier(node) >= tier(next)) continue
      if (!intersects(predecessors.get(node)!, waiting)) next = node
    }
    if (next === undefined) throw new SystemOrderCycle(schedule, circle(waiting, predecessors))
    waiting.delete(next)
    order.push(next)
  }
  return order
}

/** Labels of a circle among systems of which each waits for an other one, each before the next. */
function circle(
  waiting: ReadonlySet<SystemNode>,
  predecessors: ReadonlyMap<SystemNode, ReadonlySet<SystemNode>>,
): string[] {
  const path: SystemNode[] = []
  let node: SystemNode | undefined = [...waiting][0]
  while (node !== undefined && !path.includes(node)) {
    path.push(node)
    node = [...predecessors.get(node)!].find((predecessor) => waiting.has(predecessor))
  }
  // The path went from each system to one before it; what led up to the circle is no part of it.
  return path
    .slice(path.indexOf(node!))
    .reverse()
    .map((member) => member.label)
}

function intersects(some: ReadonlySet<SystemNode>, others: ReadonlySet<SystemNode>): boolean {
  for (const node of some) if (others.has(node)) return true
  return false
}
