import type { Replay } from '@memkit/coordinator/recording'

/** A line for each mirror of the frame that is shown. */
export function mirrorRows({ mirrors }: Replay): string[] {
  return mirrors.map(({ label, layout, rows, stride, direction, schema }) => {
    const type = schema === undefined ? '' : `  ${schema.type}`
    return `${label.padEnd(24)} ${layout.padEnd(8)} ${direction.padEnd(9)}${rows} × ${stride} bytes${type}`
  })
}

export const frameTableHead =
  '  frame   in game     seconds  mirror                     rows sent   came back  all bytes'

/** Lines for the frame that is shown: one for each mirror that it changed, the first with what the frame is. */
export function frameRows(replay: Replay): string[] {
  const { frame, frameNumber, timeStep, changes, checksum } = replay
  const changed = changes.filter(({ sent, arrived }) => sent + arrived > 0)
  const what = `${String(frame).padStart(7)}   ${String(frameNumber).padStart(7)}  ${(timeStep?.toFixed(6) ?? '').padStart(10)}  `
  const sum = checksum.toString(16).padStart(8, '0')
  if (changed.length === 0) return [`${what}${'–'.padEnd(48)}   ${sum}`]
  return changed.map(({ mirror, sent, arrived }, i) => {
    const numbers = `${String(sent).padStart(10)}  ${String(arrived).padStart(10)}`
    const line = `${mirror.label.slice(0, 24).padEnd(25)} ${numbers}`
    return i === 0 ? `${what}${line}   ${sum}` : `${' '.repeat(what.length)}${line}`
  })
}
