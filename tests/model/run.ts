import type { Place, Tally, Witness } from './place.ts'
import type { Program, Step } from './program.ts'
import { Session } from './session.ts'
import { steps } from './steps.ts'

/** Runs a program and compares what the device holds with the model after every frame. Throws at the first difference. */
export async function run(program: Program, place: Place, tally: Tally, witness?: Witness): Promise<void> {
  const { setup, steps } = program
  const session = new Session(setup, place, tally, witness)
  await session.start()
  try {
    for (const [i, step] of steps.entries()) {
      try {
        await take(session, step)
      } catch (error) {
        throw new Error(`step ${i}, ${JSON.stringify(step)}: ${String(error)}`, { cause: error })
      }
      tally.steps++
    }
    await finish(session)
    tally.programs++
  } finally {
    await session.close()
  }
}

async function take(session: Session, step: Step): Promise<void> {
  const { op } = step
  if (op !== 'end' && op !== 'idle') for (const side of session.sides) side.quiet = false
  await (steps[op] as (session: Session, step: Step) => unknown)(session, step)
  if (session.deviceErrors.length > 0) throw session.deviceErrors[0]
  if (session.versionWarnings > session.attachments) throw new Error('warned twice that ids have versions')
  for (const { warnings } of session.sides)
    if (warnings.length > 0) throw new Error(`warning: ${warnings[0]}`)
}

/** The last frame of every world; then nothing may be left. */
async function finish(session: Session): Promise<void> {
  session.clearFaults()
  await take(session, { op: 'restore' })
  await take(session, { op: 'feed' })
  for (const [w] of session.sides.entries()) await take(session, { op: 'end', w })
  for (const side of session.sides) await session.detach(side)
  await session.settle()
  const leaks = session.gpu.leaks()
  if (leaks.length > 0) throw new Error(`left behind: ${leaks.map(({ label }) => label).join(', ')}`)
}
