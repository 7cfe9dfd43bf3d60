import {
  addComponent,
  addEntity,
  addPrefab,
  getRelationTargets,
  Hierarchy,
  IsA,
  observe,
  onSet,
  query,
  removeComponent,
  removeEntity,
  removeQuery,
  resetWorld,
  setComponent,
  Wildcard,
} from 'bitecs'
import type { Heap } from '@memkit/ecs-plugin'
import { DummyBackend } from '@memkit/gpu'
import { begin, end, stage } from './frames.ts'
import { QueryModel } from './model.ts'
import type { Op, Step } from './program.ts'
import type { Session } from './session.ts'
import { TARGET } from './session.ts'
import { MAX_ENTITIES } from './side.ts'
import type { Side } from './side.ts'
import { bitecsTerms, sameTerms, termsOf } from './terms.ts'
import { TwoWayModel } from './two-way.ts'

/** Frames after which every retry has come: distances of 1, 2, 4 … frames, after at most six failures. */
const RETRY_FRAMES = 130
/** Frames in which what the device wrote must have come back: three may be on their way at once. */
const SETTLE_FRAMES = 20

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
      if (!canHave(session, side, entity, part)) continue
      addComponent(side.world, entity, part)
      session.look(side, entity)
    }
    const row = entity & side.mask
    for (const store of session.stores)
      if (beyond !== 0 && !store.torn && store.slots <= row) store.grow(row * 2)
    writeAll(session, row, seed)
  },
  despawn: (session, { w, e }) => {
    const side = session.side(w)
    if (side.entities.length === 0) return
    const i = e % side.entities.length
    const entity = side.entities[i]
    if (!session.exists(side, entity)) return
    side.entities.splice(i, 1)
    removeEntity(side.world, entity)
    session.look(side, entity)
    // Those that were related to it.
    session.lookAtAll(side)
  },
  add: (session, { w, e, part }) => alter(session, w, e, part, addComponent),
  remove: (session, { w, e, part }) => alter(session, w, e, part, removeComponent),
  write: (session, { c, e, seed, mark }) => {
    const i = c % session.stores.length
    // Mostly somebody alive, the youngest first, who have the last of the packed rows; else anybody.
    const alive = session.sides.flatMap(({ entities, mask }) => entities.map((entity) => entity & mask))
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
  set: (session, { w, c, e, seed }) => {
    const side = session.side(w)
    const i = c % session.components.length
    const component = session.components[i]
    const entity = side.entities[e % side.entities.length]
    if (entity === undefined || !canHave(session, side, entity, component)) return
    const { changes, direction } = session.setup.components[i]
    const row = entity & side.mask
    const stop = observe(side.world, onSet(component), (_, value: number) => {
      session.stores[i].write(row, value)
    })
    setComponent(side.world, entity, component, seed)
    stop()
    session.look(side, entity)
    if (changes === 'marked' || direction === 'download') side.models[i].mark(row)
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
  compute: (session, { w, c, e, seed }) => {
    const side = session.side(w)
    const models = side.models.filter((model) => model instanceof TwoWayModel)
    if (models.length === 0 || side.open || !side.flushed) return
    const model = models[c % models.length]
    // What a buffer that turns out to have no memory was written is gone with it.
    if (session.gpu.isLost || session.losing || session.isShort || model.unsure.size > 0) return
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
  relate: (session, { w, e, to, undo }) => {
    const side = session.side(w)
    if (session.setup.versioned || side.entities.length === 0) return
    const entity = side.entities[e % side.entities.length]
    const target = [...side.entities, TARGET].at(to % (side.entities.length + 1))!
    const pair = session.relation(target)
    if (undo === 0) removeComponent(side.world, entity, pair)
    else addComponent(side.world, entity, pair)
    session.lookAtAll(side)
  },
  prefab: (session, { w, parts }) => {
    const side = session.side(w)
    if (session.setup.versioned) return
    if (side.prefabs.length === 3) {
      removeEntity(side.world, side.prefabs.shift()!)
      session.lookAtAll(side)
    }
    const prefab = addPrefab(side.world)
    side.prefabs.push(prefab)
    session.parts.forEach((part, i) => {
      // bitECS takes a prefab for an entity when a relation of its ends.
      if (((parts >> i) & 1) !== 0 && !session.isPair(part)) addComponent(side.world, prefab, part)
    })
  },
  instance: (session, { w, e, p, seed }) => {
    const side = session.side(w)
    if (side.entities.length === 0 || side.prefabs.length === 0) return
    const entity = side.entities[e % side.entities.length]
    const prefab = side.prefabs[p % side.prefabs.length]
    // bitECS cannot make another instance of one whose instance has died.
    if (getRelationTargets(side.world, prefab, Wildcard).some((to) => !session.exists(side, to))) return
    addComponent(side.world, entity, IsA(prefab))
    session.look(side, entity)
    writeAll(session, entity, seed)
  },
  renewTarget: (session, { w }) => {
    const side = session.side(w)
    if (session.setup.versioned) return
    removeEntity(side.world, TARGET)
    if (addEntity(side.world) !== TARGET) throw new Error('bitECS gave another id')
    session.lookAtAll(side)
  },
  refused: (session, { w }) => {
    const { mk } = session.side(w)
    try {
      mk.query([Hierarchy(session.relation)])
    } catch (error) {
      if ((error as { code?: string }).code === 'UnsupportedTerm') return
      throw error
    }
    throw new Error('a Hierarchy term was taken')
  },
  grow: (session, { c, by }) => {
    const store = session.stores[c % session.stores.length]
    const rows = session.sides.flatMap(({ entities, mask }) => entities.map((entity) => (entity & mask) + 1))
    store.grow(Math.max(by, ...rows))
  },
  tear: (session, { c, k }) => {
    const store = session.stores[c % session.stores.length]
    if (Number.isFinite(store.slots)) store.grow(store.slots + 1 + k, k)
  },
  look: (session, { w, q }) => {
    const { world } = session.side(w)
    query(world, bitecsTerms(termsOf(q, session.components, session.tags, session.pairs)))
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
    side.prefabs = []
    // Ids are given out by another index from now on, which knows no versions.
    for (const entity of side.entities.splice(0)) session.look(side, entity)
    session.gather(side)
  },
  begin: (session, { w }) => begin(session, session.side(w)),
  stage: (session, { w }) => stage(session, session.side(w)),
  end: (session, { w }) => end(session, session.side(w)),
  rush: (session, { w }) => end(session, session.side(w), true),
  idle: async (session, { w }) => {
    const side = session.side(w)
    await end(session, side)
    await end(session, side)
  },
  query: (session, { w, q, draw, rowsOf }) => {
    const side = session.side(w)
    if (side.queries.length >= 4) return
    const c = rowsOf < session.components.length ? rowsOf : undefined
    const terms = termsOf(q, session.components, session.tags, session.pairs)
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
      session.place.lose?.(gpu)
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
  const named = session.parts[part % session.parts.length]
  if (!canHave(session, side, entity, named)) return
  change(side.world, entity, named)
  session.look(side, entity)
}

/** bitECS adds nothing to an entity that it takes for dead, nor a pair that points at one. */
function canHave(session: Session, side: Side, entity: number, part: object): boolean {
  return session.exists(side, entity) && (!session.isPair(part) || session.exists(side, TARGET))
}

/** Writes an entity's numbers in all stores, and marks it. */
function writeAll(session: Session, row: number, seed: number): void {
  session.stores.forEach((store, c) => store.write(row, seed + c))
  for (let c = 0; c < session.stores.length; c++) session.mark(c, row)
}
