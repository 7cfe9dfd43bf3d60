import { compare } from './compare.ts'
import type { Session } from './session.ts'
import type { Side } from './side.ts'

/** Opens a frame; one that is open is abandoned. */
export function begin(side: Side): void {
  if (side.open) side.abandoned++
  side.mk.beginFrame()
  if (side.open && side.warnings.shift() === undefined) throw new Error('an abandoned frame gave no warning')
  side.open = true
  side.staged = side.failed = false
  side.pieces.length = 0
}

/** Stages the models like the sync. @param failed the sync had no memory for all of it */
function stageModel(session: Session, side: Side, failed: boolean): void {
  side.staged = true
  side.failed ||= failed
  for (const [c, model] of side.models.entries()) {
    const waiting = failed && model.changes === 'marked' ? [...model.pending] : []
    model.stage(failed)
    // Which component had no memory is not known here: mark again what may have been left out.
    for (const entity of waiting) session.mark(c, entity)
  }
  for (const { model } of side.queries) model.stage(side.world, [...side.crowd, ...side.entities])
}

/** Ends a frame, which is opened first if need be, and compares the device with the models. */
export async function end(session: Session, side: Side): Promise<void> {
  const { quiet } = side
  // What was written after staging goes up with the next frame.
  const { staged } = side
  if (!side.open) begin(side)
  const lost = session.gpu.isLost
  if (side.staged) side.mk.endFrame()
  else stageWith(session, side, () => side.mk.endFrame())
  side.open = side.staged = false
  const { report } = side.mk
  if (report.abandoned !== side.abandoned)
    throw new Error(`abandoned: ${report.abandoned}, not ${side.abandoned}`)
  side.abandoned = 0
  if (lost && report.apiCalls > 0) throw new Error('calls to a lost device')
  if (quiet && !side.models.some(({ changes, alive }) => changes === 'all' && alive.size > 0))
    if (report.apiCalls > 0) throw new Error(`${report.apiCalls} calls in a frame without changes`)
  if (!session.starved && !side.failed) await compare(session, side)
  side.pieces.length = 0
  side.quiet =
    !staged &&
    !session.starved &&
    !side.failed &&
    !session.gpu.isLost &&
    foreseen(session, side, true).size === 0
}

/** Staging gives the errors that the model foresees, and no others. @returns whether it failed for want of memory */
function expectError(session: Session, side: Side, stage: () => void): boolean {
  const expected = foreseen(session, side, true)
  try {
    stage()
  } catch (error) {
    const { code } = error as { code?: string }
    // Only the first error is thrown: behind any there may be one of these.
    if (session.isWanting(error) || (session.isShort && expected.has(code ?? ''))) return true
    if (code === undefined || !expected.has(code)) throw error
    return false
  }
  const certain = foreseen(session, side, false)
  if (certain.size > 0) throw new Error(`staging gave no ${[...certain].join(' or ')}`)
  return false
}

/** Codes of the errors that staging may give, or must: of a component that nobody ever had the sync need not know. */
function foreseen(session: Session, { models }: Side, may: boolean): Set<string> {
  const codes = new Set<string>()
  for (const { error, highest } of models)
    if (error !== undefined && (may || session.setup.listed || highest >= 0)) codes.add(error)
  return codes
}

/** Stages: the sync, then the models. */
export function stage(session: Session, side: Side): void {
  stageWith(session, side, () => side.mk.stage())
}

function stageWith(session: Session, side: Side, stage: () => void): void {
  stageModel(session, side, expectError(session, side, stage))
}
