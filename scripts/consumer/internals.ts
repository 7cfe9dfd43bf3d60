// What is internal is in none of the types that a stranger gets, so no editor offers it; what only the packages make cannot be made.
// Compiled against the packages as they are published, where each line below is the error that it must be. The sources have them.
import { Mirror } from '@memkit/coordinator'
import { SharedMarker } from '@memkit/ecs-plugin'
import type { MkSync } from '@memkit/ecs-plugin'

export function internals(mk: MkSync, mirror: Mirror): unknown[] {
  return [
    // @ts-expect-error
    mirror.uploaded,
    // @ts-expect-error
    mk.stageForEnd,
    // @ts-expect-error
    Mirror.create,
    // @ts-expect-error
    new Mirror(),
    // @ts-expect-error
    new SharedMarker(new SharedArrayBuffer(1024)),
  ]
}
