export const kernelNames: readonly string[]
export function generatedFile(name: string): URL
export function compileKernel(name: string): Promise<Uint8Array>
export function generatedSource(name: string, bytes: Uint8Array): string
