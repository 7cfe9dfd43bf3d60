import { Hierarchy } from 'bitecs'
import { columnSteps } from './column-steps.ts'
import { faultSteps } from './fault-steps.ts'
import { begin, end, stage } from './frames.ts'
import { QueryModel } from './model.ts'
import type { Op } from './program.ts'
import type { StepsOf } from './session.ts'
import { bitecsTerms, termsOf } from './terms.ts'
import { worldSteps } from './world-steps.ts'

/** Frames, and what is asked of a sync. */
const frameSteps: StepsOf<
  | 'refused'
  | 'begin'
  | 'stage'
  | 'end'
  | 'rush'
  | 'idle'
  | 'query'
  | 'closeQuery'
  | 'rowTable'
  | 'teleport'
  | 'attach'
> = {
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
  begin: (session, { w }) => begin(session, session.side(w)),
  stage: (session, { w }) => stage(session, session.side(w)),
  end: (session, { w }) => end(session, session.side(w)),
  rush: (session, { w }) => end(session, session.side(w), true),
  idle: async (session, { w }) => {
    const side = session.side(w)
    for (let frame = 0; frame < 3; frame++) await end(session, side)
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
      listed: new Set(),
      follows: true,
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
    await session.detach(side)
    await session.attach(side)
  },
}

/** What each step does: to the worlds, to the sync, and to the models. */
export const steps: StepsOf<Op> = { ...worldSteps, ...columnSteps, ...frameSteps, ...faultSteps }
