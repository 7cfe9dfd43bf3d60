import type { MkSync } from '@memkit/ecs-plugin'
import { NotThreeGpu } from '../attributes/errors.ts'
import { ThreeBackend } from '../backend/three-backend.ts'

/**
 * @param what is made of the world
 * @throws {@link NotThreeGpu} unless three can get the bytes of the world
 */
export function assertThreeGpu(mk: MkSync<object>, what: string): void {
  if (!(mk.gpu.backend instanceof ThreeBackend))
    throw new NotThreeGpu({ what, backend: mk.gpu.capabilities.backend })
}
