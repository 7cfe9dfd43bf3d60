import { attachWorld } from './attach.ts'
import { BitEcsWorld, isWorld } from './bitecs.ts'
import { NotAWorld } from './errors.ts'
import type { MkOptions } from './mk-options.ts'
import type { MkSync } from './mk-sync.ts'

/**
 * Attaches a bitECS world to a GPU: from now on every `beginFrame` … `endFrame` brings its flagged components there.
 *
 * ```ts
 * const mk = await attachMk(world, { gpu: device })
 * ```
 *
 * @throws NotAWorld, WorldAlreadyAttached, NotAGpu, NotGpuSynced (in `components`), InvalidOption, and what `gpu` throws.
 *   The world is free again then.
 */
export async function attachMk<W extends object>(world: W, options: MkOptions = {}): Promise<MkSync<W>> {
  if (!isWorld(world))
    throw new NotAWorld(
      'attachMk',
      'a bitECS world: the object that createWorld() of bitecs 0.4 returned. (A world of another copy of bitECS will do, but for its prefabs, which ' +
        'count as entities; a deleted world will not. A world of koota goes to attachKoota, from @memkit/ecs-plugin/koota.)',
    )
  const warn = (message: string): void => console.warn(`[memkit] ${message}`)
  return attachWorld(world, new BitEcsWorld(world, warn, options?.debug === true), options)
}
