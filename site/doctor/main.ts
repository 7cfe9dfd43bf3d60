import { examine } from './examine.ts'
import ours from './reference.json' with { type: 'json' }
import { asText, isHealthy, newReport, roundTripText, type BackendReport, type Report } from './report.ts'

declare global {
  /** What the doctor found, for programs that drive the page. */
  var doctorReport: Report | undefined
}

const root = document.documentElement
const run = document.querySelector<HTMLButtonElement>('#run')!
const copy = document.querySelector<HTMLButtonElement>('#copy')!
const now = document.querySelector<HTMLElement>('#now')!
const bar = document.querySelector<HTMLProgressElement>('#bar')!
const result = document.querySelector<HTMLElement>('#result')!
const text = document.querySelector<HTMLElement>('#text')!

run.addEventListener('click', () => void start())
copy.addEventListener('click', () => {
  navigator.clipboard.writeText(text.textContent ?? '').then(
    () => (now.textContent = 'The report is in the clipboard.'),
    () => (now.textContent = 'The browser refused: copy the text below.'),
  )
})
if (new URLSearchParams(location.search).has('run')) void start()

async function start(): Promise<void> {
  run.disabled = true
  root.dataset['state'] = 'running'
  const report = newReport()
  await examine(report, (what, done) => {
    now.textContent = what
    bar.value = done
  })
  bar.value = 1
  const healthy = isHealthy(report)
  now.textContent = healthy ? 'Everything works here.' : 'Something failed: see below.'
  now.className = healthy ? 'good' : 'bad'
  show(report)
  globalThis.doctorReport = report
  root.dataset['state'] = healthy ? 'healthy' : 'failed'
  run.disabled = copy.disabled = false
}

function show(report: Report): void {
  result.replaceChildren(...report.backends.map(section))
  text.textContent = asText(report)
  document.querySelector<HTMLElement>('#whole')!.hidden = false
}

function section(part: BackendReport): HTMLElement {
  const box = element('section', '', element('h2', part.backend))
  if (part.missing !== undefined) {
    box.append(element('p', part.missing))
    return box
  }
  const { adapter: named, renderer } = part.info as Readonly<Record<string, string | undefined>>
  const adapter = named ?? renderer ?? ''
  box.append(element('p', `Adapter: ${adapter || '(the browser does not tell)'}`))
  const verdicts = table(
    ['check', 'outcome'],
    [
      [
        'conformance',
        `${part.passed} passed, ${part.failed.length} failed, ${part.gated.length} gated by capability`,
        part.failed.length === 0,
      ],
      ['round trip', roundTripText(part), part.roundTrip?.different === 0],
      ...part.failed.map(({ name, message }) => [name, message, false] as const),
      ...part.stopped.map((message) => ['stopped', message, false] as const),
    ],
  )
  box.append(verdicts, element('h3', '100 000 rows of 16 bytes'))
  const theirs = (ours as unknown as Report).backends.find(({ backend }) => backend === part.backend)
  const lines = part.bench.map((row) => {
    const there = theirs?.bench.find(({ name, changed }) => name === row.name && changed === row.changed)
    const reference = there === undefined ? '–' : `${there.thread.toFixed(2)} (${there.way})`
    return [row.changed, row.name, row.way, row.calls, row.bytes, row.thread.toFixed(2), reference]
  })
  box.append(
    table(['changed', 'mode', 'way', 'calls', 'bytes', 'thread, ms', 'ours, ms'], lines),
    element('p', '“Ours” is Chromium on two server cores without a GPU: SwiftShader, a software device.'),
  )
  const cases = element(
    'details',
    '',
    element('summary', `${part.gated.length} cases that don’t apply to this device`),
  )
  cases.append(element('ul', '', ...part.gated.map((name) => element('li', name))))
  box.append(cases)
  return box
}

/** A boolean at the end of a line colours the line's last cell. */
function table(
  head: readonly string[],
  lines: readonly (readonly (string | number | boolean)[])[],
): HTMLElement {
  const rows = lines.map((line) => {
    const good = line.at(-1)
    const cells = line.filter((cell) => typeof cell !== 'boolean').map((cell) => element('td', String(cell)))
    const last = cells.at(-1)
    if (typeof good === 'boolean' && last) last.className = good ? 'good' : 'bad'
    return element('tr', '', ...cells)
  })
  const heads = element('tr', '', ...head.map((name) => element('th', name)))
  const box = element(
    'div',
    '',
    element('table', '', element('thead', '', heads), element('tbody', '', ...rows)),
  )
  box.className = 'scroll'
  box.tabIndex = 0
  return box
}

function element(name: string, content: string, ...children: Node[]): HTMLElement {
  const made = document.createElement(name)
  made.append(content, ...children)
  return made
}
