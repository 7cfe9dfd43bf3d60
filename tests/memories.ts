import { createHeap, type f32, type Struct } from '@memkit/core'
import { attachMk, GpuSynced, type MkOptions, type MkSync, type Synced } from '@memkit/ecs-plugin'
import { addComponent, addEntity, createWorld } from 'bitecs'

/** Components that are flagged: more than a page of Chromium has WebAssembly memories. */
const COMPONENTS = 200

/** Counts the WebAssembly memories that are made until `stop`. */
export function countMemories(): { count: number; stop: () => void } {
  const { Memory } = WebAssembly
  const counted = { count: 0, stop: () => void (WebAssembly.Memory = Memory) }
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      counted.count++
      super(descriptor)
    }
  }
  return counted
}

type Thing = { x: Float32Array } & Synced<Struct<{ readonly x: f32 }>>

/** What a game with that many components asks memory for. */
export const games: Record<string, (options: MkOptions) => Promise<string[]>> = {
  "debug, with changes: 'marked'": async (options) => {
    const game = await play({ ...options, debug: true }, { changes: 'marked' })
    for (const [i, thing] of game.things.entries()) {
      thing.x[game.entity] = i + 7
      game.mk.mark(thing, game.entity)
    }
    return game.end(7)
  },
  'a heap that is full': async (options) => {
    const heap = createHeap({ bytes: 1 << 20 })
    const game = await play({ ...options, heap }, {})
    while (heap.stats.largestFree >= 64) heap.alloc(Math.min(heap.stats.largestFree - 48, 4096))
    for (const [i, thing] of game.things.entries()) thing.x[game.entity] = i + 7
    return game.end(7)
  },
  'readCpu() of every component': async (options) => {
    const game = await play(options, {})
    const wrong: string[] = []
    for (const [i, thing] of game.things.entries()) {
      thing.x[game.entity] = i + 8
      const buffer = game.mk.buffer(thing)
      const found = new Float32Array(buffer.readCpu(buffer.rowOf(game.entity), 1))[0]
      if (found !== i + 8) wrong.push(`Thing${i} reads ${found}`)
    }
    return [...wrong, ...(await game.end(8))]
  },
}

async function play(
  options: MkOptions,
  flags: { readonly changes?: 'marked' },
): Promise<{ mk: MkSync; things: Thing[]; entity: number; end: (first: number) => Promise<string[]> }> {
  const world = createWorld()
  const mk = await attachMk(world, options)
  const entity = addEntity(world)
  const things = Array.from({ length: COMPONENTS }, (_, i) => {
    const thing = GpuSynced({ x: new Float32Array(4000) }, { ...flags, label: `Thing${i}`, capacity: 3000 })
    addComponent(world, entity, thing)
    thing.x[entity] = i
    return thing
  })
  const frame = (): void => {
    mk.beginFrame()
    mk.endFrame()
  }
  frame()
  return {
    mk,
    things,
    entity,
    async end(first) {
      for (let i = 0; i < 3; i++) frame()
      const wrong: string[] = []
      for (const [i, thing] of things.entries()) {
        const buffer = mk.buffer(thing)
        const found = new Float32Array(await buffer.read())[buffer.rowOf(entity)]
        if (found !== i + first) wrong.push(`Thing${i} has ${found} on the device`)
      }
      mk.dispose()
      return wrong
    },
  }
}
