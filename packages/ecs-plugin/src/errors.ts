import { MkError } from '@memkit/core'

/** What was flagged with `GpuSynced` is no component: not an object. */
export class NotAComponent extends MkError {
  readonly code = 'NotAComponent'
  /** What was flagged, as `typeof` tells it (`null` for null). */
  readonly found: string
  constructor(found: string) {
    super(
      `GpuSynced was given ${found}. A component is an object of columns, for example GpuSynced({ x: new Float32Array(n) }).`,
    )
    this.found = found
  }
}

/** A component without a single column: a tag has no data to upload. */
export class NoColumns extends MkError {
  readonly code = 'NoColumns'
  readonly component: string
  constructor(component: string) {
    super(
      `${component} has no columns, so there is nothing to upload. Flag a component with typed-array columns; to draw only the ` +
        'entities that have a tag, keep the tag unflagged and name it in `with`.',
    )
    this.component = component
  }
}

/** A column of a kind that has no place in GPU memory (64-bit integers, strings, nested objects without a path). */
export class UnsupportedColumn extends MkError {
  readonly code = 'UnsupportedColumn'
  readonly component: string
  readonly column: string
  /** What the column holds. */
  readonly kind: string
  constructor(component: string, column: string, kind: string, advice: string) {
    super(`Column "${column}" of ${component} is ${kind}. ${advice}`)
    this.component = component
    this.column = column
    this.kind = kind
  }
}

/** The schema does not fit the component: a field without a column, or a column of the wrong width. */
export class SchemaMismatch extends MkError {
  readonly code = 'SchemaMismatch'
  readonly component: string
  readonly field: string
  constructor(component: string, field: string, problem: string) {
    super(`Schema field "${field}" of ${component}: ${problem}`)
    this.component = component
    this.field = field
  }
}

/** Typed-array columns of one component hold different numbers of entities. */
export class ColumnLengthMismatch extends MkError {
  readonly code = 'ColumnLengthMismatch'
  readonly component: string
  /** Entities that each column has room for, by column. */
  readonly lengths: Readonly<Record<string, number>>
  constructor(component: string, lengths: Readonly<Record<string, number>>) {
    const list = Object.entries(lengths)
      .map(([column, length]) => `${column}: ${length}`)
      .join(', ')
    super(
      `The columns of ${component} have room for different numbers of entities (${list}). Make them equally long; when a store ` +
        'grows, replace all of its columns before the frame is staged.',
    )
    this.component = component
    this.lengths = lengths
  }
}

/** A living entity has an id past the end of a typed-array column: bitECS dropped what was written there. */
export class EntityBeyondColumn extends MkError {
  readonly code = 'EntityBeyondColumn'
  readonly component: string
  readonly column: string
  readonly entity: number
  /** Entities that the column has room for: ids 0 … length − 1. */
  readonly length: number
  constructor(component: string, column: string, entity: number, length: number) {
    super(
      `Entity ${entity} has ${component}, but column "${column}" ends at id ${length - 1}: a typed array silently drops what is ` +
        `written past its end. Give the columns at least ${entity + 1} slots (ids start at 1, so n entities need n + 1). ` +
        'Every other row was staged; this one follows as soon as the column is long enough.',
    )
    this.component = component
    this.column = column
    this.entity = entity
    this.length = length
  }
}

/** A component was flagged a second time, with other options. */
export class AlreadyFlagged extends MkError {
  readonly code = 'AlreadyFlagged'
  readonly component: string
  /** The option that differs. */
  readonly option: string
  constructor(component: string, option: string) {
    super(
      `${component} was flagged with GpuSynced before, with another \`${option}\`. Flag a component once, where it is defined.`,
    )
    this.component = component
    this.option = option
  }
}

/** A component that was never flagged was given to `buffer`, `mark` or `components`. */
export class NotGpuSynced extends MkError {
  readonly code = 'NotGpuSynced'
  /** The call that was given the component. */
  readonly call: string
  constructor(call: string, columns: string) {
    super(
      `${call} was given a component that is not flagged${columns}. Flag it where it is defined: ` +
        'const Position = GpuSynced({ x: new Float32Array(n) }).',
    )
    this.call = call
  }
}

/** The world has a plugin already. */
export class WorldAlreadyAttached extends MkError {
  readonly code = 'WorldAlreadyAttached'
  constructor() {
    super(
      'This world is attached already. Use the MkSync that attachMk returned (app.mk in an App), or dispose() it before attaching again.',
    )
  }
}

/** An option has a value that it cannot have. */
export class InvalidOption extends MkError {
  readonly code = 'InvalidOption'
  readonly option: string
  readonly value: unknown
  constructor(option: string, value: unknown, allowed: string) {
    super(`Option \`${option}\` is ${describe(value)}; it must be ${allowed}.`)
    this.option = option
    this.value = value
  }
}

/** A field has a type that no vertex format holds. */
export class NoVertexFormat extends MkError {
  readonly code = 'NoVertexFormat'
  readonly component: string
  readonly field: string
  readonly type: string
  constructor(component: string, field: string, type: string) {
    super(
      `Field "${field}" of ${component} is ${type}, which no vertex format holds. Read the buffer as storage instead ` +
        '(mk.buffer(component).wgsl(group, binding)), or give the field a scalar, vector or matrix type.',
    )
    this.component = component
    this.field = field
    this.type = type
  }
}

/** What was given to `attachMk` (or by an MkPlugin, its App's world) is no world of that ECS. */
export class NotAWorld extends MkError {
  readonly code = 'NotAWorld'
  /** What was called. */
  readonly call: string
  constructor(call: string, needed: string) {
    super(`${call} needs ${needed}`)
    this.call = call
  }
}

/** `gpu` is nothing that a device can be made of. */
export class NotAGpu extends MkError {
  readonly code = 'NotAGpu'
  /** What was given, as `typeof` tells it. */
  readonly found: string
  constructor(found: string) {
    super(
      `Option \`gpu\` is ${found}. Give a GPUDevice, a function that returns a promise of one, or an MkGpu; leave it out to run ` +
        'without a GPU. (A GPUAdapter is not enough: await adapter.requestDevice().)',
    )
    this.found = found
  }
}

/** A query term whose changes the ECS does not report. */
export class UnsupportedTerm extends MkError {
  readonly code = 'UnsupportedTerm'
  readonly term: string
  constructor(term: string, reason: string) {
    super(`A ${term} term cannot be followed: ${reason}`)
    this.term = term
  }
}

/** Memory that threads share was asked for where there is none. */
export class SharedMemoryUnavailable extends MkError {
  readonly code = 'SharedMemoryUnavailable'
  /** What needs it. */
  readonly call: string
  constructor(call: string) {
    super(
      `${call} needs a SharedArrayBuffer, and this page has none. Serve the page with the headers Cross-Origin-Opener-Policy: ` +
        'same-origin and Cross-Origin-Embedder-Policy: require-corp (or credentialless), or send the ids to the main thread and mk.mark them there.',
    )
    this.call = call
  }
}

/** Used after `dispose()`. */
export class Disposed extends MkError {
  readonly code = 'Disposed'
  /** What was called. */
  readonly call: string
  constructor(call: string) {
    super(`${call} was called after dispose(). Attach the world again with attachMk (or make a new App).`)
    this.call = call
  }
}

/** Something that `app.ready()` provides was used before it. */
export class NotReady extends MkError {
  readonly code = 'NotReady'
  /** What was used. */
  readonly call: string
  constructor(call: string, advice = 'Call `await app.ready()` first.') {
    super(`${call} is not ready. ${advice}`)
    this.call = call
  }
}

/** Systems of one schedule wait for each other in a circle. */
export class SystemOrderCycle extends MkError {
  readonly code = 'SystemOrderCycle'
  readonly schedule: string
  /** The systems on the circle: each must run before the next one, the last before the first. */
  readonly systems: readonly string[]
  constructor(schedule: string, systems: readonly string[]) {
    super(
      `Systems of ${schedule} must run before each other in a circle: ${[...systems, systems[0]].join(' → ')}. ` +
        'Take one `before` or `after` away.',
    )
    this.schedule = schedule
    this.systems = systems
  }
}

/** A system is ordered by a system that was never added, or by one that an other schedule runs on the wrong side of it. */
export class UnsatisfiableOrder extends MkError {
  readonly code = 'UnsatisfiableOrder'
  readonly schedule: string
  readonly system: string
  readonly relation: 'before' | 'after'
  /** The system or set that it was to run before or after. */
  readonly target: string
  /** Where the target is; undefined when it is nowhere. */
  readonly targetSchedule: string | undefined
  constructor(
    schedule: string,
    system: string,
    relation: 'before' | 'after',
    target: string,
    targetSchedule: string | undefined,
  ) {
    super(
      `${system} (${schedule}) is to run ${relation} ${target}, which ` +
        (targetSchedule === undefined
          ? 'was never added. Add it, or order by a set: a set may be empty.'
          : `runs in ${targetSchedule}, on the other side of ${schedule} in every tick. Move one of the two to the other's schedule.`),
    )
    this.schedule = schedule
    this.system = system
    this.relation = relation
    this.target = target
    this.targetSchedule = targetSchedule
  }
}

/** A plugin was added twice. */
export class DuplicatePlugin extends MkError {
  readonly code = 'DuplicatePlugin'
  readonly plugin: string
  constructor(plugin: string) {
    super(
      `${plugin} was added to this App before. Add it once, or give it \`unique = false\` if it may be there several times.`,
    )
    this.plugin = plugin
  }
}

/** A plugin was added to an App that is ready. */
export class PluginTooLate extends MkError {
  readonly code = 'PluginTooLate'
  readonly plugin: string
  constructor(plugin: string) {
    super(
      `${plugin} was added after app.ready() had finished, so nobody would build it. Add plugins before app.ready().`,
    )
    this.plugin = plugin
  }
}

/** A system, or a hook that must be synchronous, returned a promise. */
export class NotSynchronous extends MkError {
  readonly code = 'NotSynchronous'
  /** What returned the promise. */
  readonly call: string
  constructor(call: string, advice: string) {
    super(`${call} returned a promise, and nothing waits for it. ${advice}`)
    this.call = call
  }
}

/** `addSystem` was given a schedule that does not exist. */
export class UnknownSchedule extends MkError {
  readonly code = 'UnknownSchedule'
  readonly schedule: string
  constructor(schedule: string, allowed: readonly string[]) {
    super(`There is no schedule ${schedule}. Use one of Schedule.${allowed.join(', ')}.`)
    this.schedule = schedule
  }
}

/** `addSystem` was given something that cannot be called. */
export class NotASystem extends MkError {
  readonly code = 'NotASystem'
  /** What was given, as `typeof` tells it. */
  readonly found: string
  constructor(schedule: string, found: string) {
    super(`addSystem(${schedule}, …) was given ${found}. A system is a function (world, app) => ….`)
    this.found = found
  }
}

/** A resource was asked for that nobody inserted. */
export class ResourceMissing extends MkError {
  readonly code = 'ResourceMissing'
  readonly resource: string
  constructor(resource: string) {
    super(
      `There is no resource ${resource}. Insert it with app.insertResource(${resource}, …), or add the plugin that does; ` +
        'app.hasResource tells whether it is there.',
    )
    this.resource = resource
  }
}

/** `tick` was called by a system of the tick that is running. */
export class TickInProgress extends MkError {
  readonly code = 'TickInProgress'
  constructor() {
    super(
      'app.tick() was called while a tick is running. Let the system return; the next tick comes by itself or from your loop.',
    )
  }
}

/** The time step given to `tick` is no number of seconds. */
export class InvalidDelta extends MkError {
  readonly code = 'InvalidDelta'
  readonly delta: number
  constructor(delta: number) {
    super(`app.tick(${delta}): the time step must be a finite number of seconds, 0 or more.`)
    this.delta = delta
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
