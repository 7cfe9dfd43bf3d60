export { MkError } from './errors.ts'
export type { Block, LinearMemory } from './linear-memory.ts'
