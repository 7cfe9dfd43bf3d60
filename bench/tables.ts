import { short, table } from './interleave.ts'
import type { PartResult } from './outcome.ts'
import type { GridCell } from './programs/grid.ts'
import type { Ratio, Summary } from './statistics.ts'

/** Prints what a part found. */
export function printPart(part: PartResult): void {
  const { machine, adapter, runtime, backend } = part
  console.log(`\n## ${part.name} on ${backend}: ${adapter}, ${runtime}`)
  console.log(
    `${part.date.slice(0, 10)}, ${machine.processor} × ${machine.cores}, ${machine.system}, Node ${machine.node}` +
      `${machine.chromium ? `, Chromium ${machine.chromium}` : ''}${part.quick ? ', quick' : ''}\n`,
  )
  printers[part.name]?.(part)
}

const printers: Readonly<Record<string, (part: PartResult) => void>> = {
  grid: ({ data }) => {
    for (const cell of data as GridCell[]) printCell(cell)
  },
}

function printCell({ rows, stride, share, pattern, entries }: GridCell): void {
  console.log(
    `${rows.toLocaleString('en')} × ${stride} B, ${share * 100} % changed${share > 0 && share < 1 ? `, ${pattern}` : ''}`,
  )
  table(
    ['way', 'thread ms', 'quartiles', '÷ first', 'device done ms', '÷ first', 'calls', 'bytes'],
    entries.map(({ name, thread, done, threadRatio, doneRatio, calls, leftOut }) => [
      name,
      thread ? short(thread.median) : (leftOut ?? '-'),
      thread ? quartiles(thread) : '-',
      threadRatio ? interval(threadRatio) : '-',
      done ? short(done.median) : '-',
      doneRatio ? interval(doneRatio) : '-',
      calls
        ? `${calls.writes + calls.submits + calls.dispatches + calls.copies + calls.buffersCreated}`
        : '-',
      calls ? calls.bytesWritten.toLocaleString('en') : '-',
    ]),
  )
  console.log()
}

export function quartiles({ lower, upper }: Summary): string {
  return `${short(lower)}–${short(upper)}`
}

export function interval({ ratio, low, high }: Ratio): string {
  return `${short(ratio)} (${short(low)}–${short(high)})`
}
