import type { Place } from '../place.ts'
import { babylonCases } from './babylon.ts'
import { playcanvasCases } from './playcanvas.ts'
import { threeCases } from './three.ts'
import type { MakeUploader, Shape } from './uploader.ts'

/** Engines, which need a page: each asks for a canvas when it is made. */
export function engineCases(place: Place, shape: Shape): MakeUploader[] {
  if (!place.device) return []
  return [...threeCases(place.device, shape), ...babylonCases(shape), ...playcanvasCases(shape)]
}
