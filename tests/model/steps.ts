import {
  addComponent,
  addEntity,
  query,
  removeComponent,
  removeEntity,
  removeQuery,
  resetWorld,
} from 'bitecs'
import type { Heap } from '@memkit/ecs-plugin'
import { DummyBackend } from '@memkit/gpu'
import { begin, end, stage } from './frames.ts'
import { QueryModel } from './model.ts'
import type { Op, Step } from './program.ts'
import type { Session } from './session.ts'
import { MAX_ENTITIES } from './side.ts'
import { bitecsTerms, sameTerms, termsOf } from './terms.ts'

/** Frames after which every retry has come: distances of 1, 2, 4 … frames, after at most six failures. */
const RETRY_FRAMES = 130

/** What each step does: to the worlds, to the sync, and to the models. */
export const steps: { readonly [K in Op]: (session: Session, step: Extract<Step, { op: K }>) => unknown } = {
  spawn: (session, { w, parts, seed, beyond }) => {
    const side = session.side(w)
    if (side.entities.length >= MAX_ENTITIES) return
    const entity = addEntity(side.world)
    side.entities.push(entity)
    session.look(side, entity)
    for (const [i, part] of session.parts.entries()) {
      if (((parts >> i) & 1) === 0) continue
      addComponent(side.world, entity, part)
      session.look(side, entity)
    }
    session.stores.forEach((store, c) => {
      if (beyond !== 0 && !store.torn && store.slots <= entity) store.grow(entity * 2)
      store.write(entity, seed + c)
    })
    for (let c = 0; c < session.stores.length; c++) session.mark(c, entity)
  },
  despawn: (session, { w, e }) => {
    const side = session.side(w)
    if (side.entities.length === 0) return
    const [entity] = side.entities.splice(e % side.entities.length, 1)
    removeEntity(side.world, entity)
    session.look(side, entity)
  },
  add: (session, { w, e, part }) => alter(session, w, e, part, addComponent),
  remove: (session, { w, e, part }) => alter(session, w, e, part, removeComponent),
  write: (session, { c, e, seed, mark }) => {
    const i = c % session.stores.length
    // Mostly somebody alive, the youngest first, who have the last of the packed rows; else anybody.
    const alive = session.sides.flatMap(({ entities }) => entities)
    const entity = (e < 224 && alive.at(-1 - (e % alive.length))) || session.setup.crowd + (e % MAX_ENTITIES)
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
  grow: (session, { c, by }) => {
    const store = session.stores[c % session.stores.length]
    store.grow(Math.max(by, ...session.sides.flatMap(({ entities }) => entities).map((entity) => entity + 1)))
  },
  tear: (session, { c, k }) => {
    const store = session.stores[c % session.stores.length]
    if (Number.isFinite(store.slots)) store.grow(store.slots + 1 + k, k)
  },
  look: (session, { w, q }) => {
    const { world } = session.side(w)
    query(world, bitecsTerms(termsOf(q, session.components, session.tags)))
  },
  removeQuery: (session, { w, c }) => {
    const { world, models } = session.side(w)
    const model = models[c % models.length]
    removeQuery(
      world,
      model.terms.flatMap(({ components }) => components),
    )
    // The rescan takes everyone in anew.
    for (const other of models)
      if (sameTerms(other.terms, model.terms)) for (const entity of other.alive) other.pending.add(entity)
  },
  reset: (session, { w }) => {
    const side = session.side(w)
    resetWorld(side.world)
    side.crowd = []
    for (const entity of side.entities.splice(0)) session.look(side, entity)
    session.gather(side)
  },
  begin: (session, { w }) => begin(session.side(w)),
  stage: (session, { w }) => stage(session, session.side(w)),
  end: (session, { w }) => end(session, session.side(w)),
  idle: async (session, { w }) => {
    const side = session.side(w)
    await end(session, side)
    await end(session, side)
  },
  query: (session, { w, q, draw, rowsOf }) => {
    const side = session.side(w)
    if (side.queries.length >= 4) return
    const c = rowsOf < session.components.length ? rowsOf : undefined
    const terms = termsOf(q, session.components, session.tags)
    const shape = draw === 1 ? { vertexCount: 6 } : draw === 2 ? { indexCount: 36 } : undefined
    const made = session.unlessWanting(() =>
      side.mk.query(bitecsTerms(terms), {
        ...(shape === undefined || !session.gpu.capabilities.indirect ? {} : { draw: shape }),
        ...(c === undefined ? {} : { rowsOf: session.components[c] }),
      }),
    )
    if (made === undefined) return
    side.queries.push({
      query: made,
      model: new QueryModel(c === undefined ? terms : [...terms, ...side.models[c].terms]),
      draw: shape === undefined ? undefined : draw === 1 ? [6, 0, 0, 0] : [36, 0, 0, 0, 0],
      rowsOf: c,
    })
  },
  closeQuery: (session, { w, i }) => {
    const { queries } = session.side(w)
    if (queries.length === 0) return
    const [{ query }] = queries.splice(i % queries.length, 1)
    query.dispose()
  },
  rowTable: (session, { w, c }) => {
    const side = session.side(w)
    const i = c % session.components.length
    if (session.setup.components[i].rows !== 'packed') return
    if (session.unlessWanting(() => side.mk.buffer(session.components[i]).rowTable)) side.tables.add(i)
  },
  teleport: (session, { w, words, seed }) => {
    const side = session.side(w)
    if (!side.open || session.gpu.isLost || session.starved) return
    const { coordinator } = side.mk
    const view = coordinator.frameAlloc(Uint32Array, words + 1).fill(seed)
    const { buffer, offset } = coordinator.stageForUpload(view)
    // Bytes are read at the end of the frame.
    view[words] = seed + 1
    side.pieces.push({ buffer, offset, words: view.slice() })
  },
  attach: async (session, { w }) => {
    // One cannot attach to a lost device.
    session.clearFaults()
    await session.restore()
    const side = session.side(w)
    side.unhog?.()
    side.mk.dispose()
    await session.attach(side)
  },
  lose: async (session, { at }) => {
    const { gpu } = session
    if (gpu.isLost || session.losing) return
    session.tally.losses++
    const { backend } = gpu
    if (backend instanceof DummyBackend) {
      if (at === 0) backend.lose()
      else backend.faults = { ...backend.faults, loseAtCall: backend.callCount + at }
    } else {
      ;(backend as unknown as { device: GPUDevice }).device.destroy()
      session.losing = true
    }
    // Else frames go on on a device that is gone.
    if (at % 2 === 0) await session.noteLoss()
  },
  restore: (session) => session.restore(),
  hang: (session, { on }) => {
    const { backend } = session.gpu
    if (backend instanceof DummyBackend) backend.faults = { ...backend.faults, neverComplete: on === 1 }
  },
  starve: (session, { n, late }) => {
    const { backend } = session.gpu
    if (!(backend instanceof DummyBackend) || session.gpu.isLost) return
    const next = backend.calls.buffersCreated + 1
    backend.faults = {
      ...backend.faults,
      outOfMemoryAt: Array.from({ length: n + 1 }, (_, i) => next + i),
      outOfMemory: late === 0 ? 'throw' : 'late',
    }
    session.starved = true
  },
  hog: (session, { w, leave }) => {
    const side = session.side(w)
    const { heap } = side.mk.coordinator
    if (side.unhog !== undefined) return
    const blocks: ReturnType<Heap['alloc']>[] = []
    for (let i = 0; i < 1000 && heap.stats.largestFree > leave * 100 + 64; i++)
      blocks.push(heap.alloc(heap.stats.largestFree - leave * 100 - 64, 16, 'hog'))
    side.unhog = () => {
      for (const block of blocks) heap.free(block)
      side.unhog = undefined
    }
  },
  feed: async (session) => {
    for (const { unhog } of session.sides) unhog?.()
    const { backend } = session.gpu
    if (!session.starved || !(backend instanceof DummyBackend)) return
    backend.faults = { ...backend.faults, outOfMemoryAt: [] }
    for (const side of session.sides) {
      // The device says late that there was no memory; then buffers are tried for again, at growing distances.
      for (let i = 0; i < RETRY_FRAMES; i++) {
        if (i < 3) await new Promise((resolve) => setTimeout(resolve, 1))
        await end(session, side)
      }
    }
    session.starved = false
    for (const side of session.sides) await end(session, side)
  },
}

/** Adds or removes a component or tag of a living entity. */
function alter(
  session: Session,
  w: number,
  e: number,
  part: number,
  change: (world: object, entity: number, component: object) => unknown,
): void {
  const side = session.side(w)
  if (side.entities.length === 0) return
  const entity = side.entities[e % side.entities.length]
  change(side.world, entity, session.parts[part % session.parts.length])
  session.look(side, entity)
}
