/** What was registered and not removed again. */
export interface LeftBehind {
  /** One line for each thing that is still there. */
  readonly left: () => string[]
  /** Ends the watch. */
  readonly stop: () => void
}

type Method = (this: unknown, ...args: never[]) => unknown

/** Puts another function in the place of a method. @returns puts the method back */
export function replaceMethod<M extends Method>(
  holder: object,
  name: string,
  replacement: (original: M) => M,
): () => void {
  const original = Reflect.get(holder, name) as M
  Reflect.set(holder, name, replacement(original))
  return () => void Reflect.set(holder, name, original)
}

/** Whether a value is memkit's listener among an ECS's queries: it has the shape of a query, and no components. */
function isListener(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('toRemove' in value)) return false
  return (value as { readonly generations?: readonly unknown[] }).generations?.length === 0
}

/**
 * Watches functions that are put into sets. That is where bitECS keeps its observers (in closures, which other code can't inspect), and
 * where memkit keeps its listeners. Also watches what memkit puts among the queries of an ECS.
 */
export function watchObservers(): LeftBehind {
  const added: { readonly set: Set<unknown>; readonly observer: unknown; readonly where: string }[] = []
  const stop = replaceMethod<(this: unknown, value: unknown) => unknown>(
    Set.prototype,
    'add',
    (add) =>
      function (this: unknown, value) {
        const set = this as Set<unknown>
        if ((typeof value === 'function' || isListener(value)) && !set.has(value))
          added.push({ set, observer: value, where: callerOf(new Error().stack) })
        return add.call(set, value)
      },
  )
  const left = (): string[] =>
    added.filter(({ set, observer }) => set.has(observer)).map(({ where }) => where)
  return { left, stop }
}

/** Watches listeners of events, of whatever is an EventTarget: windows, abort signals, devices. */
export function watchListeners(): LeftBehind {
  type Listen = (this: unknown, type: string, listener: unknown, options?: unknown) => unknown
  const there: { readonly target: unknown; readonly type: string; readonly listener: unknown }[] = []
  const stops = [
    replaceMethod<Listen>(
      EventTarget.prototype,
      'addEventListener',
      (add) =>
        function (this: unknown, type, listener, options) {
          there.push({ target: this, type, listener })
          return add.call(this, type, listener, options)
        },
    ),
    replaceMethod<Listen>(
      EventTarget.prototype,
      'removeEventListener',
      (remove) =>
        function (this: unknown, type, listener, options) {
          const at = there.findIndex(
            (one) => one.target === this && one.type === type && one.listener === listener,
          )
          if (at >= 0) there.splice(at, 1)
          return remove.call(this, type, listener, options)
        },
    ),
  ]
  return {
    left: () => there.map(({ target, type }) => `${type} of ${(target as object).constructor.name}`),
    stop: () => stops.forEach((stop) => stop()),
  }
}

/** The line of a stack that lies outside of this file. */
function callerOf(stack = ''): string {
  return stack.split('\n').find((line) => line.includes(' at ') && !line.includes('left-behind')) ?? stack
}
