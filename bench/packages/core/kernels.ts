// The kernels beside TypedArray.set of the same bytes, in the same run: `npm run kernels -w bench`.
// --quick: fewer cells, under a minute. --json FILE: the figures as JSON.
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { DirtyRows, createHeap } from '@memkit/core'
import { inTurn, type Timing } from './in-turn.ts'
import { copyOf, KernelCase, pick, type Place } from './kernel-case.ts'

const quick = process.argv.includes('--quick')
const jsonAt = process.argv.indexOf('--json')
const BUDGET_MS = quick ? 120 : 900
const SHARES = quick ? [0, 0.01, 1] : [0, 0.001, 0.01, 0.1, 0.5, 1]
const COLUMNS = [1, 3, 4, 8, 16]
const ROWS = [100_000, 1_000_000]
const MEGABYTE = 2 ** 20

interface Cell {
  readonly place: Place
  readonly rows: number
  readonly columns: number
  readonly share: number
  readonly timings: readonly Timing[]
}
const cells: Cell[] = []

const progress = (text: string): void =>
  void (process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`))
const ratio = (timing: Timing, base: Timing): string => (timing.median / base.median).toFixed(2)
const spread = (timing: Timing): string =>
  `±${Math.round(((timing.upper - timing.lower) / 2 / timing.median) * 100)}%`

console.log(
  `Node ${process.version}, ${cpus()[0]?.model.trim()} × ${cpus().length}, ${process.platform} ${process.arch}`,
)
console.log(
  'Each figure: median time ÷ median of TypedArray.set of the same column bytes, taken in turn; ± half the quartiles.',
)

// The engine takes some calls to compile a kernel well; 200 of each shape, on few rows.
for (const kernels of ['auto', 'js'] as const) {
  for (const place of ['heap', 'Float32Array', 'number[]'] as const) {
    for (const columns of [...COLUMNS, 2, 5, 6, 7]) {
      progress(`warming up: ${kernels}, ${place}, ${columns} columns`)
      const warm = new KernelCase(4_096, columns, place, 0.2, kernels)
      for (let call = 0; call < 200; call++) {
        warm.change()
        warm.diff()
      }
    }
  }
}

/** What performance.md allows for a cell, if anything. */
function allowed(place: Place, bytes: number, share: number): number | undefined {
  if (share > 0.01) return undefined
  if (place === 'Float32Array') return 3
  return bytes > 4 * MEGABYTE ? 1.5 : 2.2
}

let missed = 0
for (const place of ['heap', 'Float32Array'] as const) {
  console.log(
    `\n${place === 'heap' ? 'P3: columns in the heap' : 'P4: plain Float32Array columns'}; wasm (js)`,
  )
  console.log(
    `${'rows × columns'.padEnd(16)}${'set'.padStart(16)}  ${SHARES.map((s) => `${s * 100} %`.padStart(20)).join('')}`,
  )
  for (const rows of ROWS) {
    for (const columns of COLUMNS) {
      let line = `${rows} × ${columns}`.padEnd(16)
      SHARES.forEach((share, s) => {
        progress(`${place}, ${rows} × ${columns}, ${share * 100} % changed`)
        const wasm = new KernelCase(rows, columns, place, share, 'auto')
        const js = new KernelCase(rows, columns, place, share, 'js')
        const timings = inTurn(
          [copyOf(rows, columns), wasm.candidate(wasm.kind), js.candidate(js.kind)],
          BUDGET_MS,
        )
        cells.push({ place, rows, columns, share, timings })
        const [set, simd, twin] = timings
        const bytes = rows * columns * 4
        if (s === 0) line += `${`${(set.median * 1e3).toFixed(0)} µs ${spread(set)}`.padStart(16)}  `
        const limit = allowed(place, bytes, share)
        // Beyond by the medians only, the machine may be the cause; beyond by the lower quartiles too, the kernel is.
        const over = limit !== undefined && simd.median / set.median > limit
        const surely = over && simd.lower / set.lower > limit
        if (surely) missed++
        line +=
          `${surely ? '!' : over ? '?' : ''}${ratio(simd, set)} ${spread(simd)} (${ratio(twin, set)})`.padStart(
            20,
          )
      })
      progress('')
      console.log(line)
    }
  }
}
console.log(
  missed === 0
    ? 'All within P3 and P4 (?: beyond by the medians, not by the lower quartiles).'
    : `${missed} cells beyond P3 or P4 (!), by the medians and by the lower quartiles; ? are those by the medians only.`,
)

console.log('\nP4: plain number[] columns against a JavaScript loop that compares and packs them')
for (const [rows, columns] of [
  [100_000, 1],
  [100_000, 4],
  [1_000_000, 4],
] as const) {
  for (const share of [0, 0.01]) {
    progress(`number[], ${rows} × ${columns}`)
    const wasm = new KernelCase(rows, columns, 'number[]', share, 'auto')
    const js = new KernelCase(rows, columns, 'number[]', share, 'js')
    const loop = new KernelCase(rows, columns, 'number[]', share, 'js')
    const mirror = new Float32Array(rows * columns)
    const dirty = new DirtyRows(rows)
    const compare = (): void => {
      const sources = loop.sources as number[][]
      for (let c = 0; c < columns; c++) {
        const source = sources[c]
        for (let row = 0; row < rows; row++) {
          const value = Math.fround(source[row])
          if (mirror[row * columns + c] !== value) {
            mirror[row * columns + c] = value
            dirty.set(row)
          }
        }
      }
    }
    for (let call = 0; call < (rows > 200_000 ? 5 : 100); call++) compare()
    const timings = inTurn(
      [
        { name: 'compare loop', prepare: () => loop.change(), run: compare },
        wasm.candidate(wasm.kind),
        js.candidate(js.kind),
      ],
      BUDGET_MS,
    )
    cells.push({ place: 'number[]', rows, columns, share, timings })
    progress('')
    const [base, simd, twin] = timings
    console.log(
      `${`${rows} × ${columns}, ${share * 100} %`.padEnd(24)} loop ${base.median.toFixed(2)} ms ${spread(base)}` +
        `   ÷ loop: wasm ${ratio(simd, base)} ${spread(simd)}, js ${ratio(twin, base)} ${spread(twin)}`,
    )
  }
}

console.log('\nGather: 1 % random of 1 000 000 × 16 B')
{
  const rows = 1_000_000
  const picked = pick(rows, rows / 100)
  const gathers = (['auto', 'js'] as const).map((kernels) => {
    const heap = createHeap({ bytes: 40 << 20, kernels })
    const bits = heap.alloc(DirtyRows.bytesFor(rows))
    const dirty = new DirtyRows(rows, { buffer: heap.buffer, offset: bits.offset })
    for (const row of picked) dirty.set(row)
    const source = heap.alloc(rows * 16).offset
    const payload = heap.alloc(picked.length * 16).offset
    const indices = heap.alloc(picked.length * 4).offset
    new Uint8Array(heap.buffer, source, rows * 16).fill(7)
    const run = (): void =>
      void heap.kernels.gather(dirty.offset, dirty.summaryOffset, 0, rows, source, 16, payload, indices)
    for (let call = 0; call < 100; call++) run()
    return { name: heap.kernels.kind, run }
  })
  for (const timing of inTurn(gathers, BUDGET_MS)) {
    console.log(`${timing.name.padEnd(12)}${timing.median.toFixed(3)} ms ${spread(timing)}`)
  }
}

console.log('\nDirtyRows of 1 000 000 rows')
{
  const dirty = new DirtyRows(1_000_000)
  const picked = pick(1_000_000, 100_000)
  let sink = 0
  const [idle, set, count, runs] = inTurn(
    [
      {
        name: 'isEmpty, nothing set',
        prepare: () => dirty.clear(),
        run: () => void (sink += dirty.isEmpty ? 1 : 0),
      },
      {
        name: 'set 100 000 random rows',
        prepare: () => dirty.clear(),
        run: () => {
          for (let i = 0; i < picked.length; i++) dirty.set(picked[i])
        },
      },
      { name: 'count, 100 000 set', run: () => void (sink += dirty.count) },
      {
        name: 'all runs, 100 000 set, gap 4',
        run: () => {
          for (let from = 0; dirty.nextRun(from, 4); from = dirty.runFirst + dirty.runCount)
            sink += dirty.runCount
        },
      },
    ],
    BUDGET_MS,
  )
  console.log(`${idle.name.padEnd(30)}${(idle.median * 1e3).toFixed(2)} µs`)
  console.log(`${set.name.padEnd(30)}${((set.median * 1e6) / picked.length).toFixed(2)} ns each`)
  console.log(`${count.name.padEnd(30)}${(count.median * 1e3).toFixed(0)} µs`)
  console.log(`${runs.name.padEnd(30)}${(runs.median * 1e3).toFixed(0)} µs${sink === 0 ? ' ' : ''}`)
}

if (jsonAt >= 0) {
  const machine = { node: process.version, cpu: cpus()[0]?.model.trim(), cores: cpus().length }
  writeFileSync(process.argv[jsonAt + 1], JSON.stringify({ machine, cells }, undefined, 1))
}
