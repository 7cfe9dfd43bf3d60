import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import { addComponent, addEntity, createWorld } from 'bitecs'
import type { Place } from '../place.ts'
import { summarise, type Summary } from '../statistics.ts'
import type { Run } from './program.ts'

/** What starting costs, milliseconds. */
export interface Startup {
  readonly entities: number
  /** `attachMk`, device and MkGpu being there. */
  readonly attach: Summary | undefined
  /** The first frame, which uploads everything. */
  readonly firstFrame: Summary | undefined
  /** `co.calibrate()` once the scatter pipeline is there. */
  readonly calibrate: Summary | undefined
}

export async function startup({ gpu }: Place, run: Run): Promise<Startup[]> {
  const all: Startup[] = []
  for (const entities of [1_000, 100_000]) {
    run.progress(all.length / 2, `${entities.toLocaleString('en')} entities`)
    const attach: number[] = []
    const firstFrame: number[] = []
    const calibrate: number[] = []
    for (let round = 0; round < (run.quick ? 4 : 16); round++) {
      const column = (): Float32Array => new Float32Array(entities + 1).fill(round)
      const component = GpuSynced({ x: column(), y: column(), z: column(), w: column() })
      const world = createWorld()
      for (let i = 0; i < entities; i++) addComponent(world, addEntity(world), component)
      const start = performance.now()
      const mk = await attachMk(world, { gpu })
      attach.push(performance.now() - start)
      await mk.coordinator.ready()
      const frame = performance.now()
      mk.beginFrame()
      mk.endFrame()
      firstFrame.push(performance.now() - frame)
      await gpu.waitIdle()
      const measuring = performance.now()
      await mk.coordinator.calibrate()
      calibrate.push(performance.now() - measuring)
      mk.dispose()
    }
    all.push({
      entities,
      attach: summarise(attach),
      firstFrame: summarise(firstFrame),
      calibrate: summarise(calibrate),
    })
  }
  return all
}
