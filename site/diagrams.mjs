// A diagram as light and as dark pages show it: the same drawing, with its colours replaced.

/** Colours of the diagrams on a dark page. What isn't listed keeps its hue, and its lightness is turned over. @type {Record<string, string>} */
const DARK = {
  '#f6f8fc': '#161a23',
  '#fff': '#222938',
  '#ffffff': '#222938',
  '#eef2fa': '#222938',
  '#eceff5': '#222938',
  '#1c2333': '#e9edf6',
  '#566076': '#b4bed2',
  '#7a86a0': '#94a0ba',
  '#a4adbd': '#7d889f',
  '#c3cbdc': '#4a556e',
  '#d5ddec': '#39435a',
  '#e2f1ea': '#17382b',
  '#a9cfbd': '#2f6b52',
  '#a9d8c0': '#2b6a4d',
  '#b9d9ca': '#285a43',
  '#bfe5d3': '#1d4c39',
  '#fff6ea': '#3a2b14',
  '#fbdcb4': '#6a4a19',
  '#c5d8fb': '#254583',
  '#9db8ee': '#34528f',
  '#f59e3d': '#f59e3d',
  '#3f7ef0': '#6ea0ff',
  '#3d6fd9': '#7aa2f7',
  '#3aa675': '#4fc490',
  '#2f8f63': '#56c495',
  '#b45f06': '#f8b04f',
}

/** A style sheet for dark pages inside of a drawing: charts have one. */
const DARK_RULES = /@media\s*\(prefers-color-scheme:\s*dark\)\s*\{((?:[^{}]*\{[^{}]*\})*)\}/

/** @param {string} svg */
export function lightDiagram(svg) {
  return svg.replace(DARK_RULES, '')
}

/** @param {string} svg */
export function darkDiagram(svg) {
  if (DARK_RULES.test(svg)) return svg.replace(DARK_RULES, '$1')
  return svg.replaceAll(
    /#(?:[\da-f]{6}|[\da-f]{3})\b/gi,
    (colour) => DARK[colour.toLowerCase()] ?? turned(colour),
  )
}

/**
 * The colour with its lightness turned over: black becomes white, and orange stays orange.
 * @param {string} colour `#rgb` or `#rrggbb`
 */
function turned(colour) {
  const digits = colour.length === 4 ? colour.slice(1).replaceAll(/./g, '$&$&') : colour.slice(1)
  const parts = [0, 2, 4].map((at) => Number.parseInt(digits.slice(at, at + 2), 16))
  const sum = Math.max(...parts) + Math.min(...parts)
  // Adding the same number to each part keeps the differences between them, and with them the hue.
  const shifted = parts.map((part) => Math.min(255, Math.max(0, part + 255 - sum)))
  return `#${shifted.map((part) => part.toString(16).padStart(2, '0')).join('')}`
}
