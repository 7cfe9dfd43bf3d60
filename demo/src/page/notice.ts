import { NoGraphics } from '../draw/device.ts'

const place = (): HTMLElement => document.querySelector<HTMLElement>('#notice')!

/** Says in the middle of the page what stopped the game, and offers to load it again. */
export function showNotice(title: string, sentences: readonly string[]): void {
  const heading = document.createElement('h2')
  heading.textContent = title
  const reload = document.createElement('button')
  reload.type = 'button'
  reload.textContent = 'Reload'
  reload.addEventListener('click', () => location.reload())
  const paragraphs = sentences.map((sentence) => {
    const paragraph = document.createElement('p')
    paragraph.textContent = sentence
    return paragraph
  })
  place().replaceChildren(heading, ...paragraphs, reload)
  place().hidden = false
}

export function hideNotice(): void {
  place().hidden = true
}

/** Shows an error. Unexpected ones also go to the console, with their stack. */
export function showError(error: unknown): void {
  if (error instanceof NoGraphics) {
    showNotice('Swarm needs WebGPU or WebGL2', [error.message, ...error.advice])
    return
  }
  console.error(error)
  showNotice('Swarm has stopped', [error instanceof Error ? error.message : String(error)])
}
