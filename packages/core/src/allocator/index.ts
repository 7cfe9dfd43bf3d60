// @memkit/core/allocator: all CPU memory of a game behind one object
export { MkAllocator, type AllocOptions, type MemoryHandle, type MkAllocatorConfig } from './mk-allocator.ts'
export type { AllocatorStats, FrameMemoryReport } from './mk-allocator.ts'
export { FrameVec, StaleFrameVec } from './frame-vec.ts'
export { BudgetExceeded, MkTag } from './budget.ts'
export type { BudgetEvent, BudgetLimits, BudgetListener, BudgetStats } from './budget.ts'
export { Handles, HandlesFull, type Handle } from './handles.ts'
export { Phase, PhaseEnded, type PhaseReport } from './phases.ts'
