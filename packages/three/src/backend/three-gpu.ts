import { MkGpu, type MkGpuOptions } from '@memkit/gpu'
import { ThreeBackend } from './three-backend.ts'

/**
 * A gpu whose bytes three.js draws, on any of its renderers. It needs no renderer and no device:
 *
 * ```ts
 * const mk = await attachMk(world, { gpu: threeGpu() })
 * scene.add(new SyncedMesh(mk, geometry, material, { query: [Position], attributes: { place: Position } }))
 * ```
 *
 * Give it to one world; another world needs another one.
 */
export function threeGpu(options: MkGpuOptions = {}): MkGpu<ThreeBackend> {
  return new MkGpu(new ThreeBackend(), options)
}
