import { begin, end } from './frames.ts'
import type { StepsOf } from './session.ts'
import { MAX_ENTITIES } from './side.ts'
import { TwoWayModel } from './two-way.ts'

/** Frames in which what the device wrote must have come back: three may be on their way at once. */
const SETTLE_FRAMES = 20

/** What is written, by the CPU and by the device, and what it is written into. */
export const columnSteps: StepsOf<'write' | 'fill' | 'markShared' | 'grow' | 'tear' | 'compute' | 'settle'> =
  {
    write: (session, { c, e, seed, mark }) => {
      const i = c % session.stores.length
      // Mostly a live entity, the youngest first, which have the last packed rows; else any entity.
      const alive = session.sides.flatMap(({ entities, mask }) => entities.map((entity) => entity & mask))
      const entity =
        (e < 224 && alive.at(-1 - (e % alive.length))) || session.setup.crowd + (e % MAX_ENTITIES)
      session.stores[i].write(entity, seed)
      if (mark !== 0) session.mark(i, entity)
    },
    fill: (session, { c, first, count, step, seed, mark }) => {
      const i = c % session.stores.length
      const from = session.setup.crowd + first
      const end = Math.min(from + count, session.setup.crowd + MAX_ENTITIES)
      for (let entity = from; entity < end; entity += step + 1) session.stores[i].write(entity, seed + entity)
      for (const { mk, models } of session.sides) {
        if (mark === 1) {
          session.unlessWanting(() => mk.markRange(session.components[i], from, count))
          for (let entity = from; entity < from + count; entity++) models[i].mark(entity)
        } else if (mark === 2) {
          session.unlessWanting(() => mk.markAll(session.components[i]))
          for (const entity of models[i].alive) models[i].mark(entity)
        }
      }
    },
    markShared: async (session, { w, c, e, seed, thread }) => {
      // Browsers have shared memory in isolated pages only.
      if (typeof SharedArrayBuffer === 'undefined') return
      const side = session.side(w)
      const i = c % session.components.length
      const entity = side.entities[e % side.entities.length]
      if (entity === undefined) return
      session.stores[i].write(entity & side.mask, seed)
      const marker = session.unlessWanting(() => side.mk.marker(session.components[i]))
      if (marker === undefined) return
      const { mark } = session.place
      if (e === 255) {
        marker.mark(marker.capacity)
        for (const row of side.models[i].alive) side.models[i].mark(row)
      } else if (thread === 1 && mark !== undefined) await mark(marker, entity)
      else marker.mark(entity)
      side.models[i].mark(entity & side.mask)
    },
    grow: (session, { c, by }) => {
      const rows = session.sides.flatMap(({ entities, mask }) =>
        entities.map((entity) => (entity & mask) + 1),
      )
      session.grow(c % session.stores.length, Math.max(by, ...rows))
    },
    tear: (session, { c, k }) => {
      const i = c % session.stores.length
      const { slots } = session.stores[i]
      if (Number.isFinite(slots)) session.grow(i, slots + 1 + k, k)
    },
    compute: (session, { w, c, e, seed }) => {
      const side = session.side(w)
      const models = side.models.filter((model) => model instanceof TwoWayModel)
      if (models.length === 0 || side.open || !side.flushed) return
      const model = models[c % models.length]
      // What a buffer that turns out to have no memory was written is gone with it.
      if (session.gpu.isLost || session.losing || session.isShort || model.unsure.size > 0) return
      if (model.unsettled) return
      const i = side.models.indexOf(model)
      const { buffer, stride } = side.mk.buffer(session.components[i])
      const staged = [...model.staged]
      for (let k = 0; k < Math.min(1 + (seed % 4), staged.length); k++) {
        const row = staged[(e + k) % staged.length]
        const bytes = session.stores[i].rewrite(model.rows.get(row) ?? new Uint8Array(stride), seed + k)
        session.place.compute(session.gpu, buffer, row * stride, bytes)
        model.write(row, bytes)
        session.tally.computed++
      }
    },
    settle: async (session, { w }) => {
      const side = session.side(w)
      const models = side.models.filter((model) => model instanceof TwoWayModel)
      // While columns disagree nothing comes back.
      if (models.length === 0 || session.stores.some(({ torn }) => torn)) return
      for (let i = 0; i < SETTLE_FRAMES; i++) {
        await end(session, side)
        await session.arrive(side)
        begin(session, side)
        if (session.gpu.isLost || session.isShort || side.failed) return
        // Two worlds on one store each bring their own rows back.
        if (session.sides.length > 1 || models.every((model) => model.settled)) return
      }
      throw new Error('what the device wrote did not come back')
    },
  }
