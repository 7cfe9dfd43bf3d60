import { ColumnsModel } from './columns-model.ts'
import { compare } from './compare.ts'
import type { ComponentModel } from './model.ts'
import type { Session } from './session.ts'
import type { Side } from './side.ts'
import { TwoWayModel } from './two-way.ts'

/** Opens a frame; one that is open is abandoned. What has come back from the device is taken. */
export function begin(session: Session, side: Side): void {
  if (side.open) side.abandoned++
  const models = side.models.filter((model) => model instanceof TwoWayModel)
  // Errors are for the frame's own stage to tell: without memory, it is unknown whose rows were taken.
  const compared = models.filter(({ newColumns }) => newColumns)
  for (const model of models) if (model.stagesEarly) model.stage(session.isShort)
  const before = models.map((model) => model.columns())
  side.mk.beginFrame()
  models.forEach((model, i) => {
    session.tally.cameBack += model.begun(before[i])
  })
  if (session.isShort)
    for (const model of models)
      markAgain(session, side, model, [...(compared.includes(model) ? model.alive : model.pending)])
  if (side.open && side.warnings.shift() === undefined) throw new Error('an abandoned frame gave no warning')
  side.open = true
  side.staged = side.failed = false
  side.pieces.length = 0
}

/** Stages the models like the sync. @param failed the sync had no memory for all of it */
function stageModel(session: Session, side: Side, failed: boolean): void {
  side.staged = true
  side.failed ||= failed
  for (const model of side.models) {
    const compared = model instanceof TwoWayModel && model.newColumns
    const waiting = failed ? [...(compared ? model.alive : model.pending)] : []
    model.stage(failed)
    markAgain(session, side, model, waiting)
  }
  for (const each of side.queries) {
    const { model, listed } = each
    each.follows = true
    const prefabs = side.prefabs.filter((prefab) => listed.has(prefab))
    model.stage(side.world, [...side.crowd, ...side.entities], side.mask, prefabs)
  }
}

/** Which component had no memory is not known here: what may have been left out, and goes by marks, is marked again. */
function markAgain(session: Session, side: Side, model: ComponentModel, entities: readonly number[]): void {
  if (model.changes !== 'marked' && !(model instanceof TwoWayModel && model.direction === 'download')) return
  for (const entity of entities) session.mark(side.models.indexOf(model), entity)
}

/**
 * Ends a frame, which is opened first if need be, and compares the device with the models.
 * @param blind does not compare, and waits for nothing: what is under way stays under way
 */
export async function end(session: Session, side: Side, blind: boolean = false): Promise<void> {
  const { quiet } = side
  // What was written after staging goes up with the next frame.
  const { staged } = side
  if (!side.open) begin(session, side)
  const lost = session.gpu.isLost
  if (side.staged) side.mk.endFrame()
  else stageWith(session, side, () => side.mk.endFrame())
  side.open = side.staged = false
  side.flushed = !session.gpu.isLost
  for (const model of side.models) if (model instanceof TwoWayModel) model.frameEnded()
  const { report } = side.mk
  if (report.abandoned !== side.abandoned)
    throw new Error(`abandoned: ${report.abandoned}, not ${side.abandoned}`)
  side.abandoned = 0
  if (lost && report.apiCalls > 0) throw new Error('calls to a lost device')
  const busy = (model: ComponentModel): boolean =>
    model instanceof TwoWayModel || (model.changes === 'all' && model.alive.size > 0)
  // Columns that moved all over go up once more when they rest.
  const isHot = (model: ComponentModel): boolean =>
    model instanceof ColumnsModel && model.changes === 'detect' && !side.isCool
  if (quiet && !side.models.some((model) => busy(model) || isHot(model)))
    if (report.apiCalls > 0) throw new Error(`${report.apiCalls} calls in a frame without changes`)
  if (!session.starved && !side.failed && !blind) {
    await compare(session, side)
    if (!session.gpu.isLost) await session.witness?.compared(session.gpu, side)
  }
  side.pieces.length = 0
  side.isCool = quiet
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

/** Codes of the errors that staging may throw, or must. The sync need not know a component that no entity ever had. */
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
  side.flushed = false
  stageModel(session, side, expectError(session, side, stage))
}
