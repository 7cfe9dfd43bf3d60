/** 1234567 → 1,234,567 */
export function formatCount(value: number): string {
  return value.toLocaleString('en')
}

/** 160000 → 160 kB */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  if (bytes < 1_000_000) return `${(bytes / 1_000).toPrecision(3)} kB`.replace('e+3', '000')
  return `${(bytes / 1_000_000).toPrecision(3)} MB`
}

/** 0.1234 → 0.12 ms */
export function formatMs(ms: number): string {
  return `${ms.toFixed(2)} ms`
}

/** 59.9 → 60, 7.25 → 7.3 */
export function formatRate(perSecond: number): string {
  return perSecond.toFixed(perSecond < 9.95 ? 1 : 0)
}
