import type { Place } from '../place.ts'
import { babylonCases } from './babylon.ts'
import { playcanvasCases } from './playcanvas.ts'
import { threeCases } from './three.ts'
import type { Shape, Uploader } from './uploader.ts'

/** Engines, which need a page: each asks for a canvas when it is made. */
export async function engineCases(place: Place, shape: Shape): Promise<Uploader[]> {
  if (!place.device) return []
  return [
    ...(await threeCases(place, place.device, shape)),
    ...(await babylonCases(place, shape)),
    ...(await playcanvasCases(place, shape)),
  ]
}
