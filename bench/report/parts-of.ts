import type { Weight } from '../memory.ts'
import type { Figures, PartResult } from '../outcome.ts'
import type { BundleSize, PackageOutcome } from '../package-benches.ts'
import type { BackendName } from '../place.ts'
import type { Entry } from '../programs/contest.ts'
import type { Found } from '../programs/detection.ts'
import type { GridCell } from '../programs/grid.ts'
import type { LifeEntry } from '../programs/life.ts'
import type { MovingCell } from '../programs/moving.ts'
import type { DeviceScatter } from '../programs/scatter-device.ts'
import type { StaggerCell } from '../programs/stagger.ts'
import type { Startup } from '../programs/startup.ts'

/** What the parts give, by their names. */
interface PartData {
  life: readonly LifeEntry[]
  cliffs: readonly LifeEntry[]
  moving: readonly MovingCell[]
  stagger: readonly StaggerCell[]
  grid: readonly GridCell[]
  entities: readonly GridCell[]
  stores: readonly GridCell[]
  detection: readonly Found[]
  memory: readonly Weight[]
  scatter: DeviceScatter
  startup: readonly Startup[]
  planner: PackageOutcome
  kernels: PackageOutcome
  marks: PackageOutcome
  queries: PackageOutcome
  size: readonly BundleSize[]
}

/** The part of a name on a backend, where it was run. */
export function partOf(figures: Figures, name: string, backend: BackendName): PartResult | undefined {
  return figures.parts.find((part) => part.name === name && part.backend === backend)
}

/** What a part found, where it was run. */
export function dataOf<K extends keyof PartData>(
  figures: Figures,
  name: K,
  backend: BackendName,
): PartData[K] | undefined {
  return partOf(figures, name, backend)?.data as PartData[K] | undefined
}

/** The cells of a grid with a shape and a pattern, in order of share. Nothing and everything lie in every pattern. */
export function cellsOf(
  cells: readonly GridCell[],
  rows: number,
  stride: number,
  pattern: string,
): GridCell[] {
  return cells.filter(
    (cell) =>
      cell.rows === rows &&
      cell.stride === stride &&
      (cell.pattern === pattern || cell.share === 0 || cell.share === 1),
  )
}

export function entryOf(cell: GridCell | undefined, name: string): Entry | undefined {
  return cell?.entries.find((entry) => entry.name === name)
}

export const backendNames: Readonly<Record<BackendName, string>> = {
  dummy: 'Dummy',
  null: 'Dawn, backend=null',
  dawn: 'Dawn + SwiftShader',
  chromium: 'Chromium + SwiftShader',
}
