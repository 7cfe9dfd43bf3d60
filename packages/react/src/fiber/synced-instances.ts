import { SyncedInstances as ThreeSyncedInstances, type SyncedInstancesOptions } from '@memkit/three'
import type { ThreeElements } from '@react-three/fiber'
import { createElement, type ReactNode, type Ref } from 'react'
import type { BufferGeometry, Material } from 'three'
import { useDisposable } from '../provider/use-disposable.ts'
import { useMkFor } from '../provider/use-mk.ts'
import { areSameSources, isSameList, useSame, type Sources } from './use-same.ts'

/** What `new SyncedInstances` takes, and properties of a group. */
export interface SyncedInstancesProps
  extends
    Omit<SyncedInstancesOptions, 'position' | 'rotation' | 'scale'>,
    Omit<ThreeElements['group'], 'args' | 'position' | 'ref' | 'rotation' | 'scale'> {
  /** Stays the caller's, as `material` does. */
  geometry: BufferGeometry
  material: Material | Material[]
  position: SyncedInstancesOptions['position']
  rotation?: SyncedInstancesOptions['position'] | undefined
  scale?: SyncedInstancesOptions['position'] | undefined
  ref?: Ref<ThreeSyncedInstances>
}

/**
 * Draws a geometry once for each entity of a query with three's own materials, in a world that was
 * attached with `gpu: threeGpu()`. Events of the pointer have `instanceId`:
 *
 * ```tsx
 * <SyncedInstances query={living} position={Place} geometry={box} material={material} castShadow
 *   onClick={(event) => select(crowd.current.entityOf(event.instanceId))} ref={crowd} />
 * ```
 *
 * `position`, `rotation` and `scale` are those of each instance; put a `<group>` around it to move all.
 * It is made again when geometry, material, `bounds`, a term or a source is another object than before.
 * @throws {@link NoMkProvider} outside of an `MkProvider`, and what `new SyncedInstances` throws
 */
export function SyncedInstances(props: SyncedInstancesProps): ReactNode {
  const { geometry, material, query, bounds, position, rotation, scale, color, ...rest } = props
  const mk = useMkFor('<SyncedInstances>')
  const terms = useSame(query, isSameList)
  const sources = useSame(givenOf({ position, rotation, scale, color }), areSameSources)
  const materials = useSame(material, isSameList)
  const crowd = useDisposable(() => {
    const options = { query: terms, ...sources, ...(bounds && { bounds }) } as SyncedInstancesOptions
    return new ThreeSyncedInstances(mk, geometry, materials, options)
  }, [mk, geometry, materials, terms, sources, bounds])
  return crowd && createElement('primitive', { ...rest, object: crowd, dispose: null })
}

/** The sources without those that are left out. */
function givenOf(sources: Sources): Sources {
  return Object.fromEntries(Object.entries(sources).filter(([, source]) => source !== undefined))
}
