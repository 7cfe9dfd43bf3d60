export { mountInspector } from './inspector.ts'
export type { Inspector, InspectorCost, InspectorDock, InspectorOptions, InspectorTab } from './options.ts'
