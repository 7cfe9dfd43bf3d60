import { playGame } from './game.ts'

const session = new AbortController()
void playGame(session.signal)

// An edit ends this session and starts another one with the new code, in the same page.
if (import.meta.hot) {
  import.meta.hot.accept()
  import.meta.hot.dispose(() => session.abort())
}
