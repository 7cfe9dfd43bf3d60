import { MkError } from '@memkit/core'

/**
 * What was flagged with `GpuSynced` is no component: not an object.
 *
 * What to do: flag an object of columns: `GpuSynced({ x: new Float32Array(n) })`.
 */
export class NotAComponent extends MkError {
  readonly code = 'NotAComponent'
  /** What was flagged, as `typeof` tells it (`null` for null). */
  declare readonly found: string

  constructor(found: string) {
    super(
      `GpuSynced was given ${found}. A component is an object of columns, for example GpuSynced({ x: new Float32Array(n) }).`,
      { found },
    )
  }
}

/**
 * A component without a single column: a tag has no data to upload.
 *
 * What to do: flag a component with typed-array columns; to draw only the entities that have a tag, leave the tag unflagged and name it
 * in `with`.
 */
export class NoColumns extends MkError {
  readonly code = 'NoColumns'
  declare readonly component: string

  constructor(component: string) {
    super(
      `${component} has no columns, so there is nothing to upload. Flag a component with typed-array columns; to draw only the ` +
        'entities that have a tag, keep the tag unflagged and name it in `with`.',
      { component },
    )
  }
}

/**
 * A column of a kind that has no place in GPU memory (64-bit integers, strings, nested objects without a path).
 *
 * What to do: follow the advice in the message: another kind of array, a schema, or the path of a nested column.
 */
export class UnsupportedColumn extends MkError {
  readonly code = 'UnsupportedColumn'
  declare readonly component: string
  declare readonly column: string
  /** What the column holds. */
  declare readonly kind: string

  constructor(component: string, column: string, kind: string, advice: string) {
    super(`Column "${column}" of ${component} is ${kind}. ${advice}`, { component, column, kind })
  }
}

/**
 * A column could not be read or written: a getter, a setter or a Proxy threw, or the array is frozen. The component keeps the rows that it
 * had; all others were served. What could not be written stays, and is written once it can be.
 *
 * What to do: make the column a typed array, or mend what threw: it is the error's `cause`.
 */
export class ColumnInaccessible extends MkError {
  readonly code = 'ColumnInaccessible'
  declare readonly component: string
  declare readonly column: string
  declare readonly access: 'read' | 'written'

  constructor(component: string, column: string, access: 'read' | 'written', cause: unknown) {
    super(
      `Column "${column}" of ${component} cannot be ${access}: ${(cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '')}. ` +
        'Make it a typed array, or mend what threw; the rows of all other components were served.',
      { component, column, access },
      { cause },
    )
  }
}

/**
 * The memory behind a column is gone: its buffer was transferred (to a worker, or with `structuredClone`), or it belongs to a
 * WebAssembly memory that grew. The rows stay as they were.
 *
 * What to do: give the component a column over memory that is there; all of its rows then go up.
 */
export class ColumnDetached extends MkError {
  readonly code = 'ColumnDetached'
  declare readonly component: string
  declare readonly column: string

  constructor(component: string, column: string) {
    super(
      `The memory behind column "${column}" of ${component} is gone: its buffer was transferred, or belongs to a WebAssembly memory that ` +
        'grew. Give the component a column over memory that is there; copy instead of transferring what is synced.',
      { component, column },
    )
  }
}

/**
 * The schema does not fit the component: a field without a column, or a column of the wrong width.
 *
 * What to do: give the field a column of its width, or name the columns with `from(…)`.
 */
export class SchemaMismatch extends MkError {
  readonly code = 'SchemaMismatch'
  declare readonly component: string
  declare readonly field: string

  constructor(component: string, field: string, problem: string) {
    super(`Schema field "${field}" of ${component}: ${problem}`, { component, field })
  }
}

/**
 * Typed-array columns of one component hold different numbers of entities.
 *
 * What to do: make the columns equally long; when a store grows, replace all of its columns before the frame is staged.
 */
export class ColumnLengthMismatch extends MkError {
  readonly code = 'ColumnLengthMismatch'
  declare readonly component: string
  /** Entities that each column has room for, by column. */
  declare readonly lengths: Readonly<Record<string, number>>

  constructor(component: string, lengths: Readonly<Record<string, number>>) {
    const list = Object.entries(lengths)
      .map(([column, length]) => `${column}: ${length}`)
      .join(', ')
    super(
      `The columns of ${component} have room for different numbers of entities (${list}). Make them equally long; when a store ` +
        'grows, replace all of its columns before the frame is staged.',
      { component, lengths },
    )
  }
}

/**
 * A living entity has an id past the end of a typed-array column: bitECS dropped what was written there.
 * Every other row was staged; this one follows as soon as the column is long enough.
 *
 * What to do: give the columns at least `entity` + 1 slots.
 */
export class EntityBeyondColumn extends MkError {
  readonly code = 'EntityBeyondColumn'
  declare readonly component: string
  declare readonly column: string
  declare readonly entity: number
  /** Entities that the column has room for: ids 0 … length − 1. */
  declare readonly length: number

  constructor(component: string, column: string, entity: number, length: number) {
    super(
      `Entity ${entity} has ${component}, but column "${column}" ends at id ${length - 1}: a typed array silently drops what is ` +
        `written past its end. Give the columns at least ${entity + 1} slots (ids start at 1, so n entities need n + 1). ` +
        'Every other row was staged; this one follows as soon as the column is long enough.',
      { component, column, entity, length },
    )
  }
}

/**
 * A component was flagged a second time, with other options.
 *
 * What to do: flag a component once, where it is defined.
 */
export class AlreadyFlagged extends MkError {
  readonly code = 'AlreadyFlagged'
  declare readonly component: string
  /** The option that differs. */
  declare readonly option: string

  constructor(component: string, option: string) {
    super(
      `${component} was flagged with GpuSynced before, with another \`${option}\`. Flag a component once, where it is defined.`,
      { component, option },
    )
  }
}

/**
 * A component that was never flagged was given to `buffer`, `mark` or `components`.
 *
 * What to do: flag it where it is defined: `const Position = GpuSynced({ x: new Float32Array(n) })`.
 */
export class NotGpuSynced extends MkError {
  readonly code = 'NotGpuSynced'
  /** The call that was given the component. */
  declare readonly call: string

  constructor(call: string, columns: string) {
    super(
      `${call} was given a component that is not flagged${columns}. Flag it where it is defined: ` +
        'const Position = GpuSynced({ x: new Float32Array(n) }).',
      { call },
    )
  }
}

/**
 * The world has a plugin already.
 *
 * What to do: use the MkSync that attachMk returned (`app.mk` in an App), or `dispose()` it first.
 */
export class WorldAlreadyAttached extends MkError {
  readonly code = 'WorldAlreadyAttached'

  constructor() {
    super(
      'This world is attached already. Use the MkSync that attachMk returned (app.mk in an App), or dispose() it before attaching again.',
    )
  }
}

/**
 * An option has a value that it cannot have.
 *
 * What to do: give the option what the message allows, or leave it out.
 */
export class InvalidOption extends MkError {
  readonly code = 'InvalidOption'
  declare readonly option: string
  declare readonly value: unknown

  constructor(option: string, value: unknown, allowed: string) {
    super(`Option \`${option}\` is ${describe(value)}; it must be ${allowed}.`, { option, value })
  }
}

/**
 * A field has a type that no vertex format holds.
 *
 * What to do: read the buffer as storage (`mk.buffer(component).wgsl(group, binding)`), or give the field a scalar, vector or matrix type.
 */
export class NoVertexFormat extends MkError {
  readonly code = 'NoVertexFormat'
  declare readonly component: string
  declare readonly field: string
  declare readonly type: string

  constructor(component: string, field: string, type: string) {
    super(
      `Field "${field}" of ${component} is ${type}, which no vertex format holds. Read the buffer as storage instead ` +
        '(mk.buffer(component).wgsl(group, binding)), or give the field a scalar, vector or matrix type.',
      { component, field, type },
    )
  }
}

/**
 * A vertex buffer of the rows would be past a limit of the device.
 *
 * What to do: read the buffer as storage, split the component in two, or ask for the limit when you request the device
 * (`requiredLimits`).
 */
export class VertexLimitExceeded extends MkError {
  readonly code = 'VertexLimitExceeded'
  declare readonly component: string
  /** WebGPU's name of the limit. */
  declare readonly limit: 'maxVertexAttributes' | 'maxVertexBufferArrayStride'
  /** Locations up to that of the last attribute, or bytes of a row. */
  declare readonly requested: number
  declare readonly max: number

  constructor(
    component: string,
    limit: 'maxVertexAttributes' | 'maxVertexBufferArrayStride',
    requested: number,
    max: number,
  ) {
    const what =
      limit === 'maxVertexAttributes'
        ? `need ${requested} vertex attribute locations, and the device has ${max}`
        : `are ${requested} bytes each, and the device takes vertex strides up to ${max}`
    super(
      `The rows of ${component} ${what} (${limit}). Read the buffer as storage instead (mk.buffer(component).wgsl(group, binding)), ` +
        'split the component in two, or ask for the limit in requiredLimits when you request the device.',
      { component, limit, requested, max },
    )
  }
}

/**
 * What was given to `attachMk` (or by an MkPlugin, its App's world) is no world of that ECS.
 *
 * What to do: pass what `createWorld()` of that ECS returned.
 */
export class NotAWorld extends MkError {
  readonly code = 'NotAWorld'
  /** What was called. */
  declare readonly call: string

  constructor(call: string, needed: string) {
    super(`${call} needs ${needed}`, { call })
  }
}

/**
 * The world that a sync belongs to was deleted.
 *
 * What to do: `dispose()` the sync (or the App) before `deleteWorld`; it can still be disposed now.
 */
export class WorldDeleted extends MkError {
  readonly code = 'WorldDeleted'

  constructor() {
    super(
      'The world of this sync was deleted. Call mk.dispose() (app.dispose() in an App) before deleteWorld(); it can still be called now.',
    )
  }
}

/**
 * `gpu` is nothing that a device can be made of.
 *
 * What to do: give a GPUDevice, a function that returns a promise of one, or an MkGpu; or leave `gpu` out.
 */
export class NotAGpu extends MkError {
  readonly code = 'NotAGpu'
  /** What was given, as `typeof` tells it. */
  declare readonly found: string

  constructor(found: string) {
    super(
      `Option \`gpu\` is ${found}. Give a GPUDevice, a function that returns a promise of one, or an MkGpu; leave it out to run ` +
        'without a GPU. (A GPUAdapter is not enough: gpu: () => webGpu() asks for adapter and device.)',
      { found },
    )
  }
}

/**
 * A query term whose changes the ECS does not report.
 *
 * What to do: query by terms whose changes the ECS reports, as the message says.
 */
export class UnsupportedTerm extends MkError {
  readonly code = 'UnsupportedTerm'
  declare readonly term: string

  constructor(term: string, reason: string) {
    super(`A ${term} term cannot be followed: ${reason}`, { term })
  }
}

/**
 * Memory that threads share was asked for where there is none.
 *
 * What to do: serve the page cross-origin isolated, or send the ids to the main thread and `mk.mark` them there.
 */
export class SharedMemoryUnavailable extends MkError {
  readonly code = 'SharedMemoryUnavailable'
  /** What needs it. */
  declare readonly call: string

  constructor(call: string) {
    super(
      `${call} needs a SharedArrayBuffer, and this page has none. Serve the page with the headers Cross-Origin-Opener-Policy: ` +
        'same-origin and Cross-Origin-Embedder-Policy: require-corp (or credentialless), or send the ids to the main thread and mk.mark them there.',
      { call },
    )
  }
}

/**
 * Used after `dispose()`.
 *
 * What to do: attach the world again with attachMk, or make a new App.
 */
export class Disposed extends MkError {
  readonly code = 'Disposed'
  /** What was called. */
  declare readonly call: string

  constructor(call: string) {
    super(`${call} was called after dispose(). Attach the world again with attachMk (or make a new App).`, {
      call,
    })
  }
}

/**
 * Something that `app.ready()` provides was used before it.
 *
 * What to do: call `await app.ready()` first.
 */
export class NotReady extends MkError {
  readonly code = 'NotReady'
  /** What was used. */
  declare readonly call: string

  constructor(call: string, advice = 'Call `await app.ready()` first.') {
    super(`${call} is not ready. ${advice}`, { call })
  }
}

/**
 * Systems of one schedule wait for each other in a circle.
 *
 * What to do: take one `before` or `after` of the circle away.
 */
export class SystemOrderCycle extends MkError {
  readonly code = 'SystemOrderCycle'
  declare readonly schedule: string
  /** The systems on the circle: each must run before the next one, the last before the first. */
  declare readonly systems: readonly string[]

  constructor(schedule: string, systems: readonly string[]) {
    super(
      `Systems of ${schedule} must run before each other in a circle: ${[...systems, systems[0]].join(' → ')}. ` +
        'Take one `before` or `after` away.',
      { schedule, systems },
    )
  }
}

/**
 * A system is ordered by a system that was never added, or by one that an other schedule runs on the wrong side of it.
 *
 * What to do: add the target, order by a set (which may be empty), or move one of the two to the schedule of the other.
 */
export class UnsatisfiableOrder extends MkError {
  readonly code = 'UnsatisfiableOrder'
  declare readonly schedule: string
  declare readonly system: string
  declare readonly relation: 'before' | 'after'
  /** The system or set that it was to run before or after. */
  declare readonly target: string
  /** Where the target is; undefined when it is nowhere. */
  declare readonly targetSchedule: string | undefined

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
      { schedule, system, relation, target, targetSchedule },
    )
  }
}

/**
 * A plugin was added twice.
 *
 * What to do: add it once, or give it `unique = false` if it may be there several times.
 */
export class DuplicatePlugin extends MkError {
  readonly code = 'DuplicatePlugin'
  declare readonly plugin: string

  constructor(plugin: string) {
    super(
      `${plugin} was added to this App before. Add it once, or give it \`unique = false\` if it may be there several times.`,
      { plugin },
    )
  }
}

/**
 * A plugin was added to an App that is ready.
 *
 * What to do: add plugins before `app.ready()`.
 */
export class PluginTooLate extends MkError {
  readonly code = 'PluginTooLate'
  declare readonly plugin: string

  constructor(plugin: string) {
    super(
      `${plugin} was added after app.ready() had finished, so nobody would build it. Add plugins before app.ready().`,
      { plugin },
    )
  }
}

/**
 * A plugin was added to an App while it belongs to another one, whose frames it runs. The other App is not affected.
 *
 * What to do: make a plugin for each App: `new MkPlugin(options)`.
 */
export class PluginInUse extends MkError {
  readonly code = 'PluginInUse'
  declare readonly plugin: string

  constructor(plugin: string) {
    super(
      `This ${plugin} belongs to another App, which has not been disposed of. Make one for each App: new ${plugin}(options).`,
      { plugin },
    )
  }
}

/**
 * A hook of a plugin called `app.ready()`, which waits for that very hook.
 *
 * What to do: return from the hook. What needs the other plugins goes into `finish(app)`; what needs the App to be ready, behind the
 * `await app.ready()` of the code that made it.
 */
export class ReadyInHook extends MkError {
  readonly code = 'ReadyInHook'
  /** The hook, e.g. `'Physics.build'`. */
  declare readonly hook: string

  constructor(hook: string) {
    super(
      `${hook} called app.ready(), which waits for ${hook} to return. Do what needs the other plugins in finish(app), and what needs ` +
        'the App to be ready after the `await app.ready()` of the code that made it.',
      { hook },
    )
  }
}

/**
 * A system, or a hook that must be synchronous, returned a promise.
 *
 * What to do: start the work and return; wait in `ready(app)` of a plugin, which may be async.
 */
export class NotSynchronous extends MkError {
  readonly code = 'NotSynchronous'
  /** What returned the promise. */
  declare readonly call: string

  constructor(call: string, advice: string) {
    super(`${call} returned a promise, and nothing waits for it. ${advice}`, { call })
  }
}

/**
 * `addSystem` was given a schedule that does not exist.
 *
 * What to do: use one of `Schedule`.
 */
export class UnknownSchedule extends MkError {
  readonly code = 'UnknownSchedule'
  declare readonly schedule: string

  constructor(schedule: string, allowed: readonly string[]) {
    super(`There is no schedule ${schedule}. Use one of Schedule.${allowed.join(', ')}.`, { schedule })
  }
}

/**
 * `addSystem` was given something that cannot be called.
 *
 * What to do: pass a function `(world, app) => …`.
 */
export class NotASystem extends MkError {
  readonly code = 'NotASystem'
  /** What was given, as `typeof` tells it. */
  declare readonly found: string

  constructor(schedule: string, found: string) {
    super(`addSystem(${schedule}, …) was given ${found}. A system is a function (world, app) => ….`, {
      found,
    })
  }
}

/**
 * A resource was asked for that nobody inserted.
 *
 * What to do: insert it with `app.insertResource`, or add the plugin that does; `app.hasResource` tells whether it is there.
 */
export class ResourceMissing extends MkError {
  readonly code = 'ResourceMissing'
  declare readonly resource: string

  constructor(resource: string) {
    super(
      `There is no resource ${resource}. Insert it with app.insertResource(${resource}, …), or add the plugin that does; ` +
        'app.hasResource tells whether it is there.',
      { resource },
    )
  }
}

/**
 * `tick` was called by a system of the tick that is running.
 *
 * What to do: let the system return; the next tick comes by itself or from your loop.
 */
export class TickInProgress extends MkError {
  readonly code = 'TickInProgress'

  constructor() {
    super(
      'app.tick() was called while a tick is running. Let the system return; the next tick comes by itself or from your loop.',
    )
  }
}

/**
 * The time step given to `tick` is no number of seconds.
 *
 * What to do: pass a finite number of seconds, 0 or more.
 */
export class InvalidDelta extends MkError {
  readonly code = 'InvalidDelta'
  declare readonly delta: number

  constructor(delta: number) {
    super(`app.tick(${delta}): the time step must be a finite number of seconds, 0 or more.`, { delta })
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = String(value)
  return text === 'undefined' ? 'left out' : text
}
