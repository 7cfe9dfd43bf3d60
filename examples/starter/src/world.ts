// The game: a bitECS world with its components and systems. Apart from two flags, nothing here
// concerns the GPU.
import { GpuSynced } from '@memkit/ecs-plugin'
import { addComponents, addEntity, createWorld, query } from 'bitecs'

const MOST = 20_000
const slots = MOST + 1 // ids of bitECS start at 1

/** −1 … 1 across the canvas. Flagged: at the end of every frame the GPU has the same values. */
export const Position = GpuSynced(
  { x: new Float32Array(slots), y: new Float32Array(slots) },
  { label: 'Position' },
)
/** Written once, when a dot is created. */
export const Look = GpuSynced(
  { hue: new Float32Array(slots), size: new Float32Array(slots) },
  { label: 'Look' },
)
/** Not flagged: no shader reads it. Units per second. */
const Velocity = { x: new Float32Array(slots), y: new Float32Array(slots) }

export const world = createWorld()
let dots = 0

/** Creates dots that fly apart from a place. */
export function burst(count: number, x: number, y: number): void {
  for (let i = 0; i < count && dots < MOST; i++, dots++) {
    const dot = addEntity(world)
    addComponents(world, dot, Position, Look, Velocity)
    const angle = Math.random() * 2 * Math.PI
    const speed = 0.05 + Math.random() * 0.4
    Position.x[dot] = x
    Position.y[dot] = y
    Velocity.x[dot] = Math.cos(angle) * speed
    Velocity.y[dot] = Math.sin(angle) * speed
    Look.hue[dot] = Math.random()
    Look.size[dot] = 0.004 + Math.random() * 0.012
  }
}

/** A system: plain writes. */
export function move(seconds: number): void {
  for (const dot of query(world, [Position, Velocity])) {
    Position.x[dot] += Velocity.x[dot] * seconds
    Position.y[dot] += Velocity.y[dot] * seconds
    if (Math.abs(Position.x[dot]) > 1)
      Velocity.x[dot] = -Math.sign(Position.x[dot]) * Math.abs(Velocity.x[dot])
    if (Math.abs(Position.y[dot]) > 1)
      Velocity.y[dot] = -Math.sign(Position.y[dot]) * Math.abs(Velocity.y[dot])
  }
}
