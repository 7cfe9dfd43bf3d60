export { attributeNode } from './attribute-node.ts'
export { StorageMesh, type StorageMeshOptions } from './storage-mesh.ts'
export { storageNode, StorageRows } from './storage-rows.ts'
export * from './errors.ts'
