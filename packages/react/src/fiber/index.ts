export { useMkFrame } from './use-mk-frame.ts'
export { SyncedMesh, type SyncedMeshProps } from './synced-mesh.ts'
export { SyncedInstances, type SyncedInstancesProps } from './synced-instances.ts'
