/** What the doctor found on one backend. Plain data: it travels as JSON. */
export interface BackendReport {
  readonly backend: 'WebGPU' | 'WebGL2'
  /** Sentence that says why nothing ran. */
  missing?: string
  /** What the browser tells about adapter and limits. */
  info: Record<string, unknown>
  passed: number
  /** Cases that don't apply to this device, and the capability that they need. */
  gated: string[]
  failed: { name: string; message: string }[]
  /** Rows of the round trip that were compared, and those that differed; undefined when it failed. */
  roundTrip?: { compared: number; different: number }
  bench: BenchRow[]
  /** Why the round trip or the benchmark ended early. */
  stopped: string[]
  /** Milliseconds that all of it took. */
  ms: number
}

/** One line of the benchmark. */
export interface BenchRow {
  readonly name: string
  /** Share of the rows that change in each frame. */
  readonly changed: string
  /** How the planner uploaded them. */
  readonly way: string
  readonly calls: number
  readonly bytes: number
  /** Milliseconds of the calling thread per frame. */
  readonly thread: number
}

export interface Report {
  readonly when: string
  readonly userAgent: string
  readonly cores: number
  readonly isolated: boolean
  readonly secure: boolean
  /** Smallest step of the page's clock, ms. */
  readonly timerStep: number
  readonly backends: BackendReport[]
}

export function newReport(): Report {
  return {
    when: new Date().toISOString(),
    userAgent: navigator.userAgent,
    cores: navigator.hardwareConcurrency,
    isolated: globalThis.crossOriginIsolated,
    secure: isSecureContext,
    timerStep: timerStep(),
    backends: [],
  }
}

function timerStep(): number {
  let least = Infinity
  for (let i = 0; i < 20; i++) {
    const start = performance.now()
    let now = start
    while (now === start) now = performance.now()
    least = Math.min(least, now - start)
  }
  return Math.round(least * 1e4) / 1e4
}

/** Whether everything that ran went well, on at least one backend. */
export function isHealthy({ backends }: Report): boolean {
  const ran = backends.filter(({ missing }) => missing === undefined)
  return (
    ran.length > 0 &&
    ran.every(
      ({ failed, roundTrip, stopped }) =>
        failed.length === 0 && stopped.length === 0 && roundTrip?.different === 0,
    )
  )
}

/** The report as Markdown, for an issue. */
export function asText(report: Report): string {
  const lines = [
    `memkit doctor, ${report.when}`,
    report.userAgent,
    `${report.cores} cores · cross-origin isolated: ${report.isolated} · secure context: ${report.secure} · timer step ${report.timerStep} ms`,
  ]
  for (const part of report.backends) {
    lines.push('', `## ${part.backend}`, '')
    if (part.missing !== undefined) {
      lines.push(part.missing)
      continue
    }
    for (const [name, value] of Object.entries(part.info))
      lines.push(`- ${name}: ${String(value) || '(not told)'}`)
    lines.push(
      `- conformance: ${part.passed} passed, ${part.failed.length} failed, ${part.gated.length} gated by capability`,
      `- round trip: ${roundTripText(part)}`,
      `- took ${(part.ms / 1000).toFixed(1)} s`,
    )
    for (const { name, message } of part.failed) lines.push(`- FAILED ${name}: ${message}`)
    for (const why of part.stopped) lines.push(`- STOPPED ${why}`)
    for (const name of part.gated) lines.push(`- gated: ${name}`)
    if (part.bench.length === 0) continue
    lines.push(
      '',
      '| 100 000 rows × 16 B | changed | way | calls | bytes | thread, ms |',
      '| --- | --- | --- | --- | --- | --- |',
    )
    for (const row of part.bench)
      lines.push(
        `| ${row.name} | ${row.changed} | ${row.way} | ${row.calls} | ${row.bytes} | ${row.thread.toFixed(3)} |`,
      )
  }
  lines.push('', '```json', JSON.stringify(report), '```')
  return lines.join('\n')
}

export function roundTripText({ roundTrip }: BackendReport): string {
  return roundTrip === undefined ? 'failed' : `${roundTrip.different} of ${roundTrip.compared} rows differ`
}
