/**
 * Says when in a tick a system runs. One tick runs the schedules in this order, which is Bevy's:
 *
 * | schedule | runs | for |
 * | --- | --- | --- |
 * | `Startup` | each system once, in the first tick after you add it | spawning the first entities |
 * | `First` | once per tick | opening the frame (`MkSystemSet.FrameBegin`) |
 * | `PreUpdate` | once per tick | input, network |
 * | `FixedUpdate` | 0 … n times per tick, each worth `app.time.fixedDelta` seconds | physics, anything deterministic |
 * | `Update` | once per tick | the game |
 * | `PostUpdate` | once per tick | consequences of the game: transforms, cameras |
 * | `Last` | once per tick | closing the frame (`MkSystemSet.Stage`, then `MkSystemSet.FrameEnd`) |
 * | `Render` | once per tick | drawing: the device has what the world had at `Stage` |
 */
export const Schedule = {
  Startup: 'Startup',
  First: 'First',
  PreUpdate: 'PreUpdate',
  FixedUpdate: 'FixedUpdate',
  Update: 'Update',
  PostUpdate: 'PostUpdate',
  Last: 'Last',
  Render: 'Render',
} as const

/** One of the schedules of a tick. */
export type Schedule = (typeof Schedule)[keyof typeof Schedule]

/** Every schedule, in the order in which a tick runs them. */
export const scheduleOrder: readonly Schedule[] = /* @__PURE__ */ Object.values(Schedule)
