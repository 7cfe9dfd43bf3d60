import type { Match } from '../rules/match.ts'
import { formatCount } from './figures.ts'
import { showToast } from './toast.ts'

/** The address of the same swarm. */
function linkTo(seed: number): string {
  const url = new URL(location.href)
  url.search = ''
  url.searchParams.set('seed', String(seed))
  return url.href
}

/** Shares how a game ended, and a link to the same swarm; copies both where nothing can be shared. */
export async function share(match: Match): Promise<void> {
  const points = formatCount(Math.round(match.score))
  const text = `Swarm: ${points} points, wave ${match.wave}, ${Math.round(match.time)} s. Beat it:`
  const url = linkTo(match.seed)
  try {
    await navigator.clipboard.writeText(`${text} ${url}`)
    showToast('Copied: your score, and a link to this swarm')
  } catch {
    // Denied: the link is shown to be copied by hand.
    showToast(url)
  }
}
