import { $internal, type World } from 'koota'
import { NotAWorld } from './ecs/errors.ts'
import { KootaWorld } from './ecs/koota/koota.ts'
import { attachWorld } from './sync/attach.ts'
import type { MkOptions } from './sync/mk-options.ts'
import type { MkSync } from './sync/mk-sync.ts'

/**
 * Attaches a world of koota to a GPU, as `attachMk` does for bitECS. Flag traits with `GpuSynced`
 * where you define them. Rows are entity ids without world and generation (`entity.id()`).
 *
 * ```ts
 * const Position = GpuSynced(trait({ x: 0, y: 0 }), { label: 'Position' })
 * const mk = await attachKoota(world, { gpu: device })
 * ```
 *
 * In an App: `new MkPlugin({ gpu: device }, attachKoota)`.
 *
 * koota tracks changes for memkit only for traits made with a function that are flagged with
 * `changes: 'marked'` or direction `'download'` or `'both'`. Their `updateEach` is slower then, and
 * `Changed` lists what it writes.
 *
 * @throws {@link NotAWorld}, {@link WorldAlreadyAttached}, {@link NotAGpu}, {@link InvalidOption}
 * @throws {@link NotGpuSynced} for an unflagged trait in `components`, and what `gpu` throws
 */
export async function attachKoota(world: World, options: MkOptions = {}): Promise<MkSync<World>> {
  const call = 'attachKoota'
  if (typeof world !== 'object' || world === null || !($internal in world) || !('spawn' in world))
    throw new NotAWorld({ call, needed: 'a world of koota: the object that createWorld() returned.' })
  if (!world.isInitialized)
    throw new NotAWorld({ call, needed: 'an initialised world: call world.init() first.' })
  return attachWorld(world, new KootaWorld(world, options?.debug === true), options)
}
