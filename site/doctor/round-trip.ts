import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import type { MkGpu } from '@memkit/gpu'
import { addComponent, addEntity, createWorld, removeEntity } from 'bitecs'

const CAPACITY = 5000
const FRAMES = 60

/**
 * A model test in short: frames with births, deaths and writes by chance. Every tenth, the device is read back and compared with the
 * columns, bit for bit.
 */
export async function roundTrip(gpu: MkGpu): Promise<{ compared: number; different: number }> {
  const Position = GpuSynced(
    { x: new Float32Array(CAPACITY + 1), y: new Float32Array(CAPACITY + 1) },
    { label: 'Position' },
  )
  const world = createWorld()
  const living: number[] = []
  let seed = 1
  const chance = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed / 2 ** 32
  }
  const anyOf = (count: number): number => Math.floor(chance() * count)
  const write = (entity: number): void => {
    Position.x[entity] = chance() * 100
    Position.y[entity] = -chance()
  }
  const spawn = (): void => {
    const entity = addEntity(world)
    addComponent(world, entity, Position)
    write(entity)
    living.push(entity)
  }
  for (let i = 0; i < 1000; i++) spawn()
  const mk = await attachMk(world, { gpu, components: [Position] })
  const found = { compared: 0, different: 0 }
  try {
    for (let frame = 1; frame <= FRAMES; frame++) {
      mk.beginFrame()
      for (let i = 0; i < 20; i++) {
        if (chance() < 0.5 && living.length > 10)
          removeEntity(world, living.splice(anyOf(living.length), 1)[0] ?? 0)
        else spawn()
      }
      for (let left = [1, 10, 400, 5000][frame % 4] ?? 0; left > 0; left--)
        write(living[anyOf(living.length)] ?? 0)
      mk.endFrame()
      if (frame % 10 > 0) continue
      const { stride } = mk.buffer(Position)
      const device = new Uint32Array(await mk.buffer(Position).read())
      const [x, y] = [new Uint32Array(Position.x.buffer), new Uint32Array(Position.y.buffer)]
      for (const entity of living) {
        const at = (entity * stride) / 4
        found.compared++
        if (device[at] !== x[entity] || device[at + 1] !== y[entity]) found.different++
      }
    }
  } finally {
    mk.dispose()
  }
  return found
}
