import { defineError, type ErrorClass } from '@memkit/core'

/**
 * You used something that `app.ready()` provides before it was done.
 *
 * What to do: call `await app.ready()` first.
 */
export const NotReady: ErrorClass<{
  code: 'NotReady'
  /** What was used. */
  call: string
  advice?: string
}> = defineError(
  'NotReady',
  ({ call, advice = 'Call `await app.ready()` first.' }) => `${call} is not ready. ${advice}`,
)
export type NotReady = InstanceType<typeof NotReady>

/**
 * Systems of one schedule would have to run before each other, in a circle.
 *
 * What to do: remove one `before` or `after` of the circle.
 */
export const SystemOrderCycle: ErrorClass<{
  code: 'SystemOrderCycle'
  schedule: string
  /** The systems of the circle: each must run before the next one, the last before the first. */
  systems: readonly string[]
}> = defineError(
  'SystemOrderCycle',
  ({ schedule, systems }) =>
    `Systems of ${schedule} must run before each other in a circle: ${[...systems, systems[0]].join(' → ')}. ` +
    'Remove one `before` or `after`.',
)
export type SystemOrderCycle = InstanceType<typeof SystemOrderCycle>

/**
 * A system is ordered by one that was never added, or whose schedule is on the wrong side of it.
 *
 * What to do: add the target, order by a set (which may be empty), or change a schedule.
 */
export const UnsatisfiableOrder: ErrorClass<{
  code: 'UnsatisfiableOrder'
  schedule: string
  system: string
  relation: 'before' | 'after'
  /** The system or set to run before or after. */
  target: string
  /** The target's schedule; undefined when it was never added. */
  targetSchedule: string | undefined
}> = defineError(
  'UnsatisfiableOrder',
  ({ schedule, system, relation, target, targetSchedule }) =>
    `${system} (${schedule}) must run ${relation} ${target}, which ` +
    (targetSchedule === undefined
      ? 'was never added. Add it, or order by a set: a set may be empty.'
      : `runs in ${targetSchedule}, on the other side of ${schedule} in every tick. Move one of the two to the other's schedule.`),
)
export type UnsatisfiableOrder = InstanceType<typeof UnsatisfiableOrder>

/**
 * A plugin was added twice.
 *
 * What to do: add it once, or give it `unique = false` to allow several.
 */
export const DuplicatePlugin: ErrorClass<{ code: 'DuplicatePlugin'; plugin: string }> = defineError(
  'DuplicatePlugin',
  ({ plugin }) =>
    `${plugin} was added to this App before. Add it once, or give it \`unique = false\` to allow several.`,
)
export type DuplicatePlugin = InstanceType<typeof DuplicatePlugin>

/**
 * A plugin was added to an App that is ready.
 *
 * What to do: add plugins before `app.ready()`.
 */
export const PluginTooLate: ErrorClass<{ code: 'PluginTooLate'; plugin: string }> = defineError(
  'PluginTooLate',
  ({ plugin }) =>
    `${plugin} was added after app.ready() had finished, so it would never be built. Add plugins before app.ready().`,
)
export type PluginTooLate = InstanceType<typeof PluginTooLate>

/**
 * A plugin was added to a second App while the first one, which goes on, still uses it.
 *
 * What to do: make a plugin for each App: `new MkPlugin(options)`.
 */
export const PluginInUse: ErrorClass<{ code: 'PluginInUse'; plugin: string }> = defineError(
  'PluginInUse',
  ({ plugin }) =>
    `This ${plugin} belongs to another App that has not been disposed of. Make one for each App: new ${plugin}(options).`,
)
export type PluginInUse = InstanceType<typeof PluginInUse>

/**
 * A plugin's hook called `app.ready()`, which waits for that very hook.
 *
 * What to do: return from the hook. Do what needs the other plugins in `finish(app)`, and what
 * needs the App to be ready after the `await app.ready()` of the code that made it.
 */
export const ReadyInHook: ErrorClass<{
  code: 'ReadyInHook'
  /** The hook, e.g. `'Physics.build'`. */
  hook: string
}> = defineError(
  'ReadyInHook',
  ({ hook }) =>
    `${hook} called app.ready(), which waits for ${hook} to return. Do what needs the other plugins in finish(app), and what needs ` +
    'the App to be ready after the `await app.ready()` of the code that made it.',
)
export type ReadyInHook = InstanceType<typeof ReadyInHook>

/**
 * A system, or a hook that must be synchronous, returned a promise.
 *
 * What to do: start the work and return; wait for it in a plugin's `ready(app)`.
 */
export const NotSynchronous: ErrorClass<{
  code: 'NotSynchronous'
  /** What returned the promise. */
  call: string
  advice: string
}> = defineError(
  'NotSynchronous',
  ({ call, advice }) => `${call} returned a promise, and nothing waits for it. ${advice}`,
)
export type NotSynchronous = InstanceType<typeof NotSynchronous>

/**
 * `addSystem` was given a schedule that does not exist.
 *
 * What to do: use one of `Schedule`.
 */
export const UnknownSchedule: ErrorClass<{
  code: 'UnknownSchedule'
  schedule: string
  allowed: readonly string[]
}> = defineError(
  'UnknownSchedule',
  ({ schedule, allowed }) => `There is no schedule ${schedule}. Use one of Schedule.${allowed.join(', ')}.`,
)
export type UnknownSchedule = InstanceType<typeof UnknownSchedule>

/**
 * `addSystem` was given something that is not a function.
 *
 * What to do: pass a function `(world, app) => …`.
 */
export const NotASystem: ErrorClass<{
  code: 'NotASystem'
  /** What was given, as `typeof` tells it. */
  found: string
  schedule: string
}> = defineError(
  'NotASystem',
  ({ schedule, found }) =>
    `addSystem(${schedule}, …) was given ${found}. A system is a function (world, app) => ….`,
)
export type NotASystem = InstanceType<typeof NotASystem>

/**
 * You asked for a resource that was never inserted.
 *
 * What to do: insert it with `app.insertResource`, or add the plugin that does. `app.hasResource`
 * tells whether it is there.
 */
export const ResourceMissing: ErrorClass<{ code: 'ResourceMissing'; resource: string }> = defineError(
  'ResourceMissing',
  ({ resource }) =>
    `There is no resource ${resource}. Insert it with app.insertResource(${resource}, …), or add the plugin that does; ` +
    'app.hasResource tells whether it is there.',
)
export type ResourceMissing = InstanceType<typeof ResourceMissing>

/**
 * A system called `tick` while a tick was running.
 *
 * What to do: let the system return; the next tick comes by itself or from your loop.
 */
export const TickInProgress: ErrorClass<{ code: 'TickInProgress' }> = defineError(
  'TickInProgress',
  () =>
    'app.tick() was called while a tick is running. Let the system return; the next tick comes by itself or from your loop.',
)
export type TickInProgress = InstanceType<typeof TickInProgress>

/**
 * The time step given to `tick` is not a number of seconds.
 *
 * What to do: pass a finite number of seconds, 0 or more.
 */
export const InvalidDelta: ErrorClass<{ code: 'InvalidDelta'; delta: number }> = defineError(
  'InvalidDelta',
  ({ delta }) => `app.tick(${delta}): the time step must be a finite number of seconds, 0 or more.`,
)
export type InvalidDelta = InstanceType<typeof InvalidDelta>
