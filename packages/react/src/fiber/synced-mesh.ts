import { SyncedMesh as ThreeSyncedMesh, type SyncedMeshOptions } from '@memkit/three'
import type { ThreeElements } from '@react-three/fiber'
import { createElement, type ReactNode, type Ref } from 'react'
import type { BufferGeometry, Material } from 'three'
import { useDisposable } from '../provider/use-disposable.ts'
import { useMkFor } from '../provider/use-mk.ts'
import { areSameSources, isSameList, useSame } from './use-same.ts'

/** Properties of a mesh, such as `position`, and what `new SyncedMesh` takes. */
export interface SyncedMeshProps
  extends SyncedMeshOptions, Omit<ThreeElements['mesh'], 'args' | 'count' | 'geometry' | 'material' | 'ref'> {
  /** Stays the caller's, as `material` does. */
  geometry: BufferGeometry
  material: Material | Material[]
  ref?: Ref<ThreeSyncedMesh>
}

/**
 * Draws a geometry once for each entity of a query, in a world that was attached with
 * `gpu: threeGpu()`:
 *
 * ```tsx
 * <SyncedMesh query={living} attributes={{ place: Position }} geometry={quad} material={material} />
 * ```
 *
 * The mesh is made again when geometry, material, `bounds`, `instances`, a term or a source is another object than
 * before. Lists may be written in place, but keep `Not(…)` and the like outside of the component.
 * @throws {@link NoMkProvider} outside of an `MkProvider`, and what `new SyncedMesh` throws
 */
export function SyncedMesh(props: SyncedMeshProps): ReactNode {
  const { geometry, material, query, attributes, bounds, instances, ...rest } = props
  const mk = useMkFor('<SyncedMesh>')
  const terms = useSame(query, isSameList)
  const sources = useSame(attributes, areSameSources)
  const materials = useSame(material, isSameList)
  const mesh = useDisposable(() => {
    const options: SyncedMeshOptions = { query: terms }
    if (sources !== undefined) options.attributes = sources
    if (bounds !== undefined) options.bounds = bounds
    if (instances !== undefined) options.instances = instances
    return new ThreeSyncedMesh(mk, geometry, materials, options)
  }, [mk, geometry, materials, terms, sources, bounds, instances])
  // The mesh ends with this component, not with what react-three-fiber unmounts.
  return mesh && createElement('primitive', { ...rest, object: mesh, dispose: null })
}
