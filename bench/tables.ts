import { short, table } from './interleave.ts'
import type { Weight } from './memory.ts'
import type { PartResult } from './outcome.ts'
import type { BundleSize, PackageOutcome } from './package-benches.ts'
import type { MovingCell } from './programs/moving.ts'
import type { LifeEntry } from './programs/life.ts'
import type { Found } from './programs/detection.ts'
import type { GridCell } from './programs/grid.ts'
import type { DeviceScatter } from './programs/scatter-device.ts'
import type { StaggerCell } from './programs/stagger.ts'
import type { Startup } from './programs/startup.ts'
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
  grid: printCells,
  entities: printCells,
  stores: printCells,
  detection: ({ data }) => {
    for (const { entities, share, entries } of data as Found[]) {
      console.log(`${share * 100} % of ${entities.toLocaleString('en')} entities written and found`)
      table(
        ['way', 'ms', 'quartiles', '÷ only writing'],
        entries.map(({ name, time, ratio }) => [
          name,
          time ? short(time.median) : '-',
          time ? quartiles(time) : '-',
          ratio ? interval(ratio) : '-',
        ]),
      )
      console.log()
    }
  },
  memory: ({ data }) =>
    table(
      [
        'way',
        'JS B/row',
        'buffers B/row',
        'heap B/row',
        'GPU B/row',
        'fixed KB',
        'garbage B/frame',
        'GPU buffers/frame',
      ],
      (data as Weight[]).map((weight) => [
        weight.name,
        ...[weight.jsPerRow, weight.buffersPerRow, weight.heapPerRow, weight.gpuPerRow].map((bytes) =>
          bytes.toFixed(1),
        ),
        Math.round(weight.fixed / 1024).toLocaleString('en'),
        Math.round(weight.garbagePerFrame).toLocaleString('en'),
        `${weight.gpuBuffersPerFrame}`,
      ]),
    ),
  moving: ({ data }) => {
    for (const { entities, kind, pace, entries } of data as MovingCell[]) {
      console.log(`every ${kind} of ${entities.toLocaleString('en')} moves, ${pace}`)
      table(
        [
          'way',
          'store',
          'sync ms',
          'quartiles',
          '÷ a write per column',
          'system + sync ms',
          '÷ rows by hand',
        ],
        entries.map(({ name, store, sync, total, syncRatio, totalRatio }) => [
          name,
          store,
          sync ? short(sync.median) : '-',
          sync ? quartiles(sync) : '-',
          syncRatio ? interval(syncRatio) : '-',
          total ? short(total.median) : '-',
          totalRatio ? interval(totalRatio) : '-',
        ]),
      )
      console.log()
    }
  },
  stagger: ({ data }) => {
    const cells = data as StaggerCell[]
    const names = cells[0].places.map(({ name }) => name)
    console.log('A system that writes all columns: ns per entity, ÷ columns that lie apart')
    table(
      ['columns', 'capacity', ...names],
      cells.map(({ columns, capacity, places }) => [
        `${columns}`,
        capacity.toLocaleString('en'),
        ...places.map(({ ns, ratio }, i) => {
          const time = ns?.median.toFixed(1) ?? '-'
          return i === 0 || !ratio ? time : `${time}, ${interval(ratio)}`
        }),
      ]),
    )
  },
  life: printEntries,
  cliffs: printEntries,
  scatter: ({ data }) => {
    const found = data as DeviceScatter | undefined
    if (!found?.scatter || !found.copies || !found.ratio) return console.log('No scatter here.')
    console.log(
      `${found.repetitions} × ${found.rows} rows until done: scatter ${short(found.scatter.median)} ms, plain copies ${short(found.copies.median)} ms, ratio ${interval(found.ratio)}`,
    )
  },
  planner: printText,
  kernels: printText,
  queries: printText,
  size: ({ data }) =>
    table(
      ['bundle', 'minified', 'gzipped'],
      (data as BundleSize[]).map(({ name, minified, gzipped }) => [
        name,
        minified.toLocaleString('en'),
        gzipped.toLocaleString('en'),
      ]),
    ),
  startup: ({ data }) =>
    table(
      ['entities', 'attachMk ms', 'first frame ms', 'calibrate ms'],
      (data as Startup[]).map(({ entities, attach, firstFrame, calibrate }) => [
        entities.toLocaleString('en'),
        ...[attach, firstFrame, calibrate].map((each) =>
          each ? `${short(each.median)} (${quartiles(each)})` : '-',
        ),
      ]),
    ),
}

function printEntries({ data }: PartResult): void {
  table(
    ['what', 'way', 'store', 'µs', 'quartiles', '÷'],
    (data as LifeEntry[]).map(({ table: what, name, store, time, against }) => [
      what,
      name,
      store,
      short(time.median * 1000),
      `${short(time.lower * 1000)}–${short(time.upper * 1000)}`,
      against ? `${(time.median / against.time.median).toFixed(2)} × ${against.name}` : '-',
    ]),
  )
}

function printText({ data }: PartResult): void {
  console.log((data as PackageOutcome).text)
}

function printCells({ data }: PartResult): void {
  for (const cell of data as GridCell[]) printCell(cell)
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
