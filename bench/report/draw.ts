import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Figures } from '../outcome.ts'
import { filled, tablesByName } from './page.ts'
import { plots } from './plots.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, 'docs/benchmarks')
/** The figures that the pages show. */
export const FIGURES: string = join(folder, 'figures.json')

/** Draws the plots and fills the tables of docs/benchmarks/ and of the README from the figures there. */
export function draw(): void {
  const figures = JSON.parse(readFileSync(FIGURES, 'utf8')) as Figures
  mkdirSync(folder, { recursive: true })
  for (const [name, svg] of plots(figures)) writeFileSync(join(folder, name), svg)
  const tables = tablesByName(figures)
  for (const page of ['docs/benchmarks/README.md', 'README.md']) {
    const path = join(root, page)
    if (existsSync(path)) writeFileSync(path, filled(readFileSync(path, 'utf8'), tables))
  }
}
