import { attachWorld } from './attach.ts'
import { BitEcsWorld, isWorld } from '../ecs/bitecs/bitecs.ts'
import { NotAWorld } from '../ecs/errors.ts'
import type { MkOptions } from './mk-options.ts'
import type { MkSync } from './mk-sync.ts'

/**
 * Attaches a bitECS world to a GPU: each `beginFrame` … `endFrame` uploads its flagged components.
 *
 * ```ts
 * const mk = await attachMk(world, { gpu: device })
 * ```
 *
 * When it throws, the world is free again.
 * @throws {@link NotAWorld}
 * @throws {@link WorldAlreadyAttached}
 * @throws {@link NotAGpu}
 * @throws {@link NotGpuSynced} for an unflagged component in `components`
 * @throws {@link InvalidOption}
 * @throws what `gpu` throws
 */
export async function attachMk<W extends object>(world: W, options: MkOptions = {}): Promise<MkSync<W>> {
  if (!isWorld(world))
    throw new NotAWorld({
      call: 'attachMk',
      needed:
        'a bitECS world: the object that createWorld() of bitecs 0.4 returned. (A world of another copy of bitECS works, but its prefabs ' +
        'count as entities; a deleted world does not. For a world of koota use attachKoota from @memkit/ecs-plugin/koota.)',
    })
  const warn = (message: string): void => console.warn(`[memkit] ${message}`)
  return attachWorld(world, new BitEcsWorld(world, warn, options?.debug === true), options)
}
