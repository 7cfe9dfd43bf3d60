import { f32, GpuSynced, struct, u32, vec3f, type Heap, type Synced } from '@memkit/ecs-plugin'

/** Most entities alive at once: ids stay below `SLOTS`. */
export const MOST = 3000
export const SLOTS = MOST + 2

/** What an entity may have, a bit each. */
export const Part = { Position: 1, Body: 2, Health: 4, Colour: 8, Sensor: 16, Frozen: 32, Awake: 64 } as const

/** A component that is synced, with its rows written down by hand. */
export interface Kind {
  readonly label: keyof typeof Part
  readonly component: Synced
  /** Parts that an entity needs to have a row. */
  readonly needs: number
  /** 32-bit words of a row, padding included. */
  readonly words: number
  readonly packed?: true
  readonly zeroed?: true
  /** Must be marked after a write. */
  readonly marked?: true
  /** The device writes the rows: the columns say how they begin. */
  readonly download?: true
  /** Writes the columns. */
  write(entity: number, random: () => number, frame: number): void
  /** Puts the row of an entity into two views of one memory, from word `at` on. */
  pack(entity: number, floats: Float32Array, words: Uint32Array, at: number): void
}

/** Bits that are lost with most easily. */
const odd = [-0, NaN, Infinity, 1e-45]

function number(random: () => number): number {
  return random() < 0.02 ? odd[Math.floor(random() * odd.length)] : random() * 2000 - 1000
}

const floats = (): Float32Array => new Float32Array(SLOTS)

/** Columns of plain typed arrays, found by comparison. Rows of 12 bytes: no multiple of 16. */
function position(): Kind {
  const store = { x: floats(), y: floats(), z: floats() }
  return {
    label: 'Position',
    component: GpuSynced(store, { label: 'Position', capacity: 16 }),
    needs: Part.Position,
    words: 3,
    write(e, random) {
      store.x[e] = number(random)
      store.y[e] = number(random)
      store.z[e] = number(random)
    },
    pack(e, floats, _words, at) {
      floats[at] = store.x[e]
      floats[at + 1] = store.y[e]
      floats[at + 2] = store.z[e]
    },
  }
}

/** Packed rows, marked, zeroed when they are left. A vec3f begins at a multiple of 16: there is padding before and after it. */
function body(): Kind {
  const store = { mass: new Uint32Array(SLOTS), px: floats(), py: floats(), pz: floats() }
  const schema = struct({ mass: u32, at: vec3f.from('px', 'py', 'pz') })
  const options = { changes: 'marked', rows: 'packed', onRemove: 'zero', capacity: 16 } as const
  return {
    label: 'Body',
    component: GpuSynced(store, { ...options, label: 'Body', schema }),
    needs: Part.Body,
    words: 8,
    packed: true,
    zeroed: true,
    marked: true,
    write(e, random) {
      store.mass[e] = random() * 2 ** 32
      store.px[e] = number(random)
      store.py[e] = number(random)
      store.pz[e] = number(random)
    },
    pack(e, floats, words, at) {
      words[at] = store.mass[e]
      floats[at + 4] = store.px[e]
      floats[at + 5] = store.py[e]
      floats[at + 6] = store.pz[e]
    },
  }
}

/** Plain arrays, all rows in every frame, for those who are awake. */
function health(awake: object): Kind {
  const store = { hp: [] as number[], most: [] as number[] }
  const options = { changes: 'all', onRemove: 'zero', capacity: 16, with: [awake] } as const
  return {
    label: 'Health',
    component: GpuSynced(store, { ...options, label: 'Health' }),
    needs: Part.Health | Part.Awake,
    words: 2,
    zeroed: true,
    write(e, random) {
      store.hp[e] = number(random)
      store.most[e] = number(random)
    },
    pack(e, floats, _words, at) {
      floats[at] = store.hp[e]
      floats[at + 1] = store.most[e]
    },
  }
}

/** Columns in the heap, packed rows, found by comparison. */
function colour(heap: Heap): Kind {
  const store = heap.columns({ red: f32, flags: u32 }, SLOTS - 1, 'columns of the soak')
  return {
    label: 'Colour',
    component: GpuSynced(store, { label: 'Colour', rows: 'packed', capacity: 16 }),
    needs: Part.Colour,
    words: 2,
    packed: true,
    write(e, random) {
      store.red[e] = number(random)
      store.flags[e] = random() * 2 ** 32
    },
    pack(e, floats, words, at) {
      floats[at] = store.red[e]
      words[at + 1] = store.flags[e]
    },
  }
}

/** What the device measures: it writes the number of a frame, and the columns get it some frames later. */
function sensor(value: Float32Array): Kind {
  const store = { value, id: new Uint32Array(SLOTS) }
  return {
    label: 'Sensor',
    component: GpuSynced(store, { label: 'Sensor', direction: 'download', capacity: 16 }),
    needs: Part.Sensor,
    words: 2,
    download: true,
    write(e, _random, frame) {
      value[e] = frame
      store.id[e] = e
    },
    pack(e, floats, words, at) {
      floats[at] = value[e]
      words[at + 1] = store.id[e]
    },
  }
}

/**
 * Five components as unlike as they can be.
 * @param awake the tag that `Health` needs
 * @param sensed the column that the device's values come back into
 */
export function createKinds(heap: Heap, awake: object, sensed: Float32Array): Kind[] {
  return [position(), body(), health(awake), colour(heap), sensor(sensed)]
}
