// A backend that a reader of docs/gpu.md has written. Only snippets.test.ts uses it.
declare module 'my-backend' {
  export { WebGpuBackend as MyBackend } from '@memkit/gpu'
  export function mine(): Promise<GPUDevice>
}
