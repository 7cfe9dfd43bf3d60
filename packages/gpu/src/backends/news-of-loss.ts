import { nextTurn } from './next-turn.ts'

/**
 * Milliseconds in which Firefox tells of a loss after it has told that work is done or refused: it looks at its device every 100 ms, and
 * passes on what it sees message by message, between which a busy page does other things.
 */
const FIREFOX_PATIENCE = 50

const agent = (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent ?? ''
const isFirefox: boolean = /* @__PURE__ */ agent.includes('Firefox/')

/** Resolves when the news of a loss has had time to overtake what the device told before it. */
export function newsOfLoss(): Promise<void> {
  return isFirefox ? new Promise((resolve) => setTimeout(resolve, FIREFOX_PATIENCE)) : nextTurn()
}
