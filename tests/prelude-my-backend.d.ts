// The backend of somebody who writes one, as docs/gpu.md supposes. Used by snippets.test.ts alone.
declare module 'my-backend' {
  export { WebGpuBackend as MyBackend } from '@memkit/gpu'
  export function mine(): Promise<GPUDevice>
}
