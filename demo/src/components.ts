import { GpuSynced } from '@memkit/ecs-plugin'

/** Most entities that the demo will hold. */
export const MAX_ENTITIES = 1_000_000

// bitECS numbers entities from 1. Memory that no entity has touched costs nothing, so the columns are as long as they ever get.
const slots = MAX_ENTITIES + 1
const capacity = 1 << 15

/** Where an entity is, in world units from the middle of the arena. On the GPU: one flag, and nothing else to do. */
export const Position = GpuSynced(
  { x: new Float32Array(slots), y: new Float32Array(slots) },
  { label: 'Position', capacity },
)

/** World units per second. The shader turns a spark by it and colours it by its length. */
export const Velocity = GpuSynced(
  { x: new Float32Array(slots), y: new Float32Array(slots) },
  { label: 'Velocity', capacity },
)

/**
 * What a spark looks like: half its width in world units, its hue in turns (0 … 1) and how bright it is. It changes when an
 * entity is born or a burst repaints it, so in most frames there is nothing to upload. A removed entity's row becomes
 * zeros: a spark without width covers no pixel.
 */
export const Look = GpuSynced(
  { size: new Float32Array(slots), hue: new Float32Array(slots), glow: new Float32Array(slots) },
  { label: 'Look', capacity, onRemove: 'zero' },
)

/** Which flock an entity flies with. Not flagged: it stays on the CPU. */
export const Flock = { id: new Uint8Array(slots) }
