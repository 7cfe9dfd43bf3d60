import { useFrame, type RootState } from '@react-three/fiber'
import { useMkFor } from '../provider/use-mk.ts'

/** Before frame callbacks without a priority, and before the scene is drawn. */
const PRIORITY = -1

/**
 * Runs the systems of a game in a frame of memkit, before react-three-fiber draws:
 *
 * ```ts
 * useMkFrame((delta) => move(world, delta))
 * ```
 *
 * Call it once for each provider. With `frameloop="demand"` it runs when a frame was asked for.
 * @param systems gets the seconds since the last frame, and the state of react-three-fiber
 * @throws {@link NoMkProvider} outside of an `MkProvider`
 */
export function useMkFrame(systems: (delta: number, state: RootState) => void): void {
  const mk = useMkFor('useMkFrame()')
  useFrame((state, delta) => {
    // Between the end of a sync and the unmount that follows it.
    if (mk.isDisposed) return
    mk.beginFrame()
    systems(delta, state)
    mk.endFrame()
  }, PRIORITY)
}
