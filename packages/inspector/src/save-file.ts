import { element } from './element.ts'

/** Lets the browser download a file, whose name gets the time. */
export function saveFile(name: string, ending: string, content: Blob): void {
  const url = URL.createObjectURL(content)
  const time = new Date().toISOString().slice(0, 19).replaceAll(/[:T]/g, '-')
  element('a', { href: url, download: `${name}-${time}.${ending}` }).click()
  // Some browsers read the address a little after the download began.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
