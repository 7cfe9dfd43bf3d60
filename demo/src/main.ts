import { playGame } from './game.ts'

const session = new AbortController()

// An edit ends the session that is on and starts one with the new code, in the same page. The new one ends the old one, not
// Vite's `dispose`: of two quick edits, the first may begin only after its `dispose` would have been called.
if (import.meta.hot) {
  const { data } = import.meta.hot
  ;(data['session'] as AbortController | undefined)?.abort()
  data['session'] = session
  import.meta.hot.accept()
}

void playGame(session.signal)
