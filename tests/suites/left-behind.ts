/** What somebody has put somewhere and not taken away again. */
export interface LeftBehind {
  /** One line for each thing that is still there. */
  left(): string[]
  /** Ends the watch. */
  stop(): void
}

/**
 * Watches functions that are put into sets. That is where bitECS keeps its observers (in closures that nobody else can look into), and
 * where every list of listeners of memkit is.
 */
export function watchObservers(): LeftBehind {
  const { add } = Set.prototype
  const added: { readonly set: Set<unknown>; readonly observer: unknown; readonly where: string }[] = []
  Set.prototype.add = function (this: Set<unknown>, value: unknown) {
    if (typeof value === 'function' && !this.has(value))
      added.push({ set: this, observer: value, where: callerOf(new Error().stack) })
    return add.call(this, value)
  }
  return {
    left: () => added.filter(({ set, observer }) => set.has(observer)).map(({ where }) => where),
    stop: () => void (Set.prototype.add = add),
  }
}

/** Watches listeners of events, of whatever is an EventTarget: windows, abort signals, devices. */
export function watchListeners(): LeftBehind {
  const { addEventListener, removeEventListener } = EventTarget.prototype
  type Listener = Parameters<typeof addEventListener>[1]
  const there: { readonly target: EventTarget; readonly type: string; readonly listener: Listener }[] = []
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    there.push({ target: this, type, listener })
    addEventListener.call(this, type, listener, options)
  }
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    const at = there.findIndex((one) => one.target === this && one.type === type && one.listener === listener)
    if (at >= 0) there.splice(at, 1)
    removeEventListener.call(this, type, listener, options)
  }
  return {
    left: () => there.map(({ target, type }) => `${type} of ${target.constructor.name}`),
    stop() {
      EventTarget.prototype.addEventListener = addEventListener
      EventTarget.prototype.removeEventListener = removeEventListener
    },
  }
}

/** The line of a stack that lies outside of this file. */
function callerOf(stack = ''): string {
  return stack.split('\n').find((line) => line.includes(' at ') && !line.includes('left-behind')) ?? stack
}
