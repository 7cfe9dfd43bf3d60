/** Colours of series, one row per series: in light, in dark. All stand out from their ground by 4.5 to 1 or more. */
const SERIES = [
  ['#0550ae', '#79c0ff'],
  ['#0f7a80', '#56d4dd'],
  ['#bc4c00', '#ffa657'],
  ['#cf222e', '#ff7b72'],
  ['#8250df', '#d2a8ff'],
  ['#7d4e00', '#e3b341'],
  ['#57606a', '#a5adb6'],
  ['#bf3989', '#f778ba'],
  ['#4d7000', '#a5d64c'],
] as const

const FONT = "font-family: system-ui, -apple-system, 'Segoe UI', 'Noto Sans', Arial, sans-serif"

function style(): string {
  const colours = (at: 0 | 1): string =>
    SERIES.map((pair, i) => `.l${i}{stroke:${pair[at]}}.f${i}{fill:${pair[at]}}`).join('')
  return `text{${FONT};font-size:11px}
.title{font-size:15px;font-weight:600}.head{font-size:12px;font-weight:600}
.bg{fill:#fff}.ink{fill:#1f2328}.soft{fill:#57606a}.grid{stroke:#d8dee4}.axis{stroke:#8c959f}.lead{stroke:#8c959f;stroke-width:.5}
.heat{fill:#bc4c00}.cold{fill:#eef1f4}.onheat{fill:#1f2328}
polyline{fill:none;stroke-width:1.4}.strong{stroke-width:3}
${colours(0)}
@media (prefers-color-scheme:dark){.bg{fill:#0d1117}.ink{fill:#e6edf3}.soft{fill:#9198a1}.grid{stroke:#262c36}.axis{stroke:#656c76}.lead{stroke:#656c76}
.heat{fill:#db6d28}.cold{fill:#1b212a}.onheat{fill:#f0f6fc}
${colours(1)}}`
}

/** How many series have a colour of their own. */
export const COLOURS: number = SERIES.length

/** Text of an SVG document, piece by piece. Ink and ground follow the reader's colour scheme. */
export class Svg {
  readonly width: number
  readonly height: number
  readonly #title: string
  readonly #pieces: string[] = []

  constructor(width: number, height: number, title: string) {
    this.width = width
    this.height = height
    this.#title = title
  }

  text(
    x: number,
    y: number,
    content: string,
    kind: string,
    anchor: 'start' | 'middle' | 'end' = 'start',
    turn?: number,
  ): void {
    const turned = turn === undefined ? '' : ` transform="rotate(${turn} ${n(x)} ${n(y)})"`
    this.#pieces.push(
      `<text x="${n(x)}" y="${n(y)}" class="${kind}" text-anchor="${anchor}"${turned}>${escaped(content)}</text>`,
    )
  }

  line(x1: number, y1: number, x2: number, y2: number, kind: string): void {
    this.#pieces.push(`<line x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}" class="${kind}"/>`)
  }

  polyline(points: readonly (readonly [number, number])[], kind: string): void {
    this.#pieces.push(
      `<polyline class="${kind}" points="${points.map(([x, y]) => `${n(x)},${n(y)}`).join(' ')}"/>`,
    )
  }

  circle(x: number, y: number, radius: number, kind: string): void {
    this.#pieces.push(`<circle cx="${n(x)}" cy="${n(y)}" r="${n(radius)}" class="${kind}"/>`)
  }

  rect(x: number, y: number, width: number, height: number, kind: string, opacity = 1): void {
    const seen = opacity < 1 ? ` fill-opacity="${n(opacity)}"` : ''
    this.#pieces.push(
      `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" class="${kind}"${seen}/>`,
    )
  }

  toString(): string {
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${this.width}" height="${this.height}" viewBox="0 0 ${this.width} ${this.height}" role="img">`,
      `<title>${escaped(this.#title)}</title>`,
      `<style>${style()}</style>`,
      `<rect width="${this.width}" height="${this.height}" class="bg"/>`,
      ...this.#pieces,
      '</svg>\n',
    ].join('\n')
  }
}

function n(value: number): string {
  return String(Math.round(value * 10) / 10)
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
