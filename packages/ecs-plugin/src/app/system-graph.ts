import { NotASystem, SystemOrderCycle, UnknownSchedule, UnsatisfiableOrder } from './errors.ts'
import { type Schedule, scheduleOrder } from './schedule.ts'
import type { SystemOptions, SystemSet } from './types.ts'

/** A function that is compared and called, whatever its world. */
type AnySystem = (world: never, app: never) => unknown
type AnyTarget = AnySystem | SystemSet
type Predecessors = ReadonlyMap<SystemNode, Set<SystemNode>>

/** A system and its place, as given to `addSystem`. */
export interface SystemNode {
  readonly schedule: Schedule
  readonly label: string
  readonly run: AnySystem
  readonly runIf: ((world: never, app: never) => boolean) | undefined
  /** What stands for it: its function and its sets. */
  readonly names: readonly AnyTarget[]
  readonly before: readonly AnyTarget[]
  readonly after: readonly AnyTarget[]
  readonly edge: 'first' | 'last' | undefined
  /** Whether a `Startup` system has run. */
  done: boolean
}

/** Checks what `addSystem` was given. */
export function systemNode<W extends object>(
  schedule: Schedule,
  system: AnySystem,
  options: SystemOptions<W>,
): SystemNode {
  if (!scheduleOrder.includes(schedule)) throw new UnknownSchedule({ schedule, allowed: scheduleOrder })
  if (typeof system !== 'function') {
    const found = system === null ? 'null' : typeof system
    throw new NotASystem({ schedule: `Schedule.${schedule}`, found })
  }
  return {
    schedule,
    label: options.label ?? (system.name || `an anonymous system of ${schedule}`),
    run: system,
    runIf: options.runIf,
    names: [system, ...listed(options.set)],
    before: listed(options.before),
    after: listed(options.after),
    edge: options.edge,
    done: false,
  }
}

/**
 * Holds the systems of all schedules and computes the order in which each schedule runs them, on
 * first use and after a change.
 *
 * To order a schedule, take the system that was added first among those whose predecessors have all
 * run, again and again. Systems at the `'first'` edge, and what must precede them, come before all
 * others, those at the `'last'` edge after.
 */
export class SystemGraph {
  readonly #nodes: SystemNode[] = []
  readonly #orders = new Map<Schedule, readonly SystemNode[]>()
  /** The systems that must run before or after a function or a set. */
  readonly #orderedBy = new Map<AnyTarget, SystemNode[]>()

  get size(): number {
    return this.#nodes.length
  }

  add(node: SystemNode): void {
    this.#nodes.push(node)
    this.#orders.delete(node.schedule)
    for (const target of new Set([...node.before, ...node.after])) {
      const known = this.#orderedBy.get(target)
      if (known === undefined) this.#orderedBy.set(target, [node])
      else known.push(node)
    }
  }

  /** Removes all systems but the first `size`. */
  truncate(size: number): void {
    const kept = this.#nodes.splice(0).slice(0, size)
    this.#orders.clear()
    this.#orderedBy.clear()
    for (const node of kept) this.add(node)
  }

  /**
   * Checks that every schedule can be ordered.
   * @throws {@link SystemOrderCycle}
   * @throws {@link UnsatisfiableOrder}
   */
  check(): void {
    // A system of another schedule may contradict an order that was computed before.
    this.#orders.clear()
    for (const schedule of scheduleOrder) this.order(schedule)
  }

  /**
   * Throws like {@link check} when a system that was just added makes the order impossible. Games
   * add hundreds at once, so it checks only what the new one is ordered with.
   */
  checkAdded(node: SystemNode): void {
    for (const target of node.before) this.#resolve(node, 'before', target)
    for (const target of node.after) this.#resolve(node, 'after', target)
    for (const name of node.names)
      for (const other of this.#orderedBy.get(name) ?? []) {
        if (other.before.includes(name)) this.#resolve(other, 'before', name)
        if (other.after.includes(name)) this.#resolve(other, 'after', name)
      }
    // Any new circle goes through the new system. Computing the order names the systems on it.
    if (this.#isOnCircle(node)) this.order(node.schedule)
  }

  /** Returns the systems of a schedule in the order to run them. Throws like {@link check}. */
  order(schedule: Schedule): readonly SystemNode[] {
    const known = this.#orders.get(schedule)
    if (known !== undefined) return known
    const nodes = this.#nodes.filter((node) => node.schedule === schedule)
    const order = sorted(nodes, this.#predecessors(nodes))
    this.#orders.set(schedule, order)
    return order
  }

  /** For each system, the systems that run before it by name. */
  #predecessors(nodes: readonly SystemNode[]): Predecessors {
    const predecessors = new Map(nodes.map((node) => [node, new Set<SystemNode>()]))
    for (const node of nodes) {
      for (const target of node.before)
        for (const other of this.#resolve(node, 'before', target)) predecessors.get(other)!.add(node)
      for (const target of node.after)
        for (const other of this.#resolve(node, 'after', target)) predecessors.get(node)!.add(other)
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
    const named = node.before.flatMap((target) => this.#standingFor(target))
    const naming = node.names.flatMap((name) =>
      (this.#orderedBy.get(name) ?? []).filter(({ after }) => after.includes(name)),
    )
    return [...named, ...naming].filter(({ schedule }) => schedule === node.schedule)
  }

  #standingFor(target: AnyTarget): SystemNode[] {
    return this.#nodes.filter(({ names }) => names.includes(target))
  }

  /** The systems of its schedule that a system is ordered by with this target. */
  #resolve(node: SystemNode, relation: 'before' | 'after', target: AnyTarget): SystemNode[] {
    const { schedule } = node
    const found = this.#standingFor(target)
    const here = found.filter((other) => other.schedule === schedule)
    if (here.length > 0) return here
    const place = scheduleOrder.indexOf(schedule)
    const targetSchedule = scheduleOrder.find(
      (other, at) =>
        (relation === 'before' ? at < place : at > place) &&
        found.some((candidate) => candidate.schedule === other),
    )
    if (targetSchedule !== undefined || (found.length === 0 && typeof target === 'function'))
      throw new UnsatisfiableOrder({
        schedule,
        system: node.label,
        relation,
        target: targetLabel(target),
        targetSchedule,
      })
    return here
  }
}

function listed<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value as T]
}

function targetLabel(target: AnyTarget): string {
  if (typeof target === 'function') return target.name === '' ? 'an anonymous system' : target.name
  return typeof target === 'symbol' ? `set ${target.description ?? 'symbol'}` : `set '${target}'`
}

/** Sorts by the rule of {@link SystemGraph}. Quadratic: it runs once per change, over few systems. */
function sorted(nodes: readonly SystemNode[], predecessors: Predecessors): readonly SystemNode[] {
  // What must precede an early system is early too: no unrelated one can slip in between.
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
      if (![...predecessors.get(node)!].some((other) => waiting.has(other))) next = node
    }
    if (next === undefined) {
      const { schedule } = nodes[0]
      throw new SystemOrderCycle({ schedule, systems: circle(waiting, predecessors) })
    }
    waiting.delete(next)
    order.push(next)
  }
  return order
}

/** Finds a circle among systems that all wait for another one. Returns the labels in order. */
function circle(waiting: ReadonlySet<SystemNode>, predecessors: Predecessors): string[] {
  const path: SystemNode[] = []
  let node: SystemNode | undefined = [...waiting][0]
  while (node !== undefined && !path.includes(node)) {
    path.push(node)
    node = [...predecessors.get(node)!].find((predecessor) => waiting.has(predecessor))
  }
  // The path went from each system to one before it. What led up to the circle isn't part of it.
  return path
    .slice(path.indexOf(node!))
    .reverse()
    .map((member) => member.label)
}
