import type { ColumnsBuffer, GpuQuery, MkSync, SyncedBuffer } from '@memkit/ecs-plugin'
import { Asteroid, Body, Drone, Look, Position, Velocity, type Ember } from '../components.ts'

/** Vertices of one drone or ember (a comet in a triangle), and of one body (a square). */
export const COMET = 3
export const SQUARE = 6
/** How many of them an instance draws: a GPU works best on a few hundred vertices at a time. */
export const COMETS = 64
export const SQUARES = 16

/**
 * What there is to draw, on the device: the buffers of the components, and a list of entities for
 * each way of drawing.
 */
export interface Scene {
  readonly position: ColumnsBuffer
  readonly velocity: ColumnsBuffer
  readonly look: SyncedBuffer
  readonly ember: SyncedBuffer
  readonly drones: GpuQuery
  readonly bodies: GpuQuery
  readonly embers: GpuQuery
  /** Only asteroids, which embers bounce off. */
  readonly rocks: GpuQuery
}

/** Lives as long as `mk` does, through losses of the device too. */
export function createScene(mk: MkSync, ember: Ember): Scene {
  const comets = { draw: { vertexCount: COMET * COMETS, perInstance: COMETS } }
  const squares = { draw: { vertexCount: SQUARE * SQUARES, perInstance: SQUARES } }
  return {
    position: mk.buffer(Position),
    velocity: mk.buffer(Velocity),
    look: mk.buffer(Look),
    ember: mk.buffer(ember),
    drones: mk.query([Drone, Position, Velocity, Look], { ...comets, label: 'Drones' }),
    bodies: mk.query([Body, Position, Velocity, Look], { ...squares, label: 'Bodies' }),
    embers: mk.query([ember], { ...comets, dispatch: { workgroupSize: 64 }, label: 'Embers' }),
    rocks: mk.query([Asteroid, Position, Look], { label: 'Rocks' }),
  }
}

/** Draws a scene on a canvas. Made for one device, and thrown away with it. */
export interface Renderer {
  /** @param steps of the game since the last picture: shaders move embers by as much */
  draw(view: Float32Array<ArrayBuffer>, steps: number): void
  dispose(): void
}
