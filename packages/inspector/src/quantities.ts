// Formats numbers for people. Those that change often have a fixed number of digits: nothing jumps.

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** `12 345` */
export function countText(count: number): string {
  return whole.format(count).replaceAll(',', '\u202f')
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** `0 B`, `1.5 KiB`, `256 MiB` */
export function bytesText(bytes: number): string {
  let unit = 0
  let value = bytes
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  const digits = unit === 0 || value >= 100 || Number.isInteger(value) ? 0 : 1
  return `${value.toFixed(digits)} ${units[unit]}`
}

/** `0.08 ms`, `12.3 ms` */
export function msText(ms: number): string {
  return `${ms.toFixed(ms < 9.995 ? 2 : 1)} ms`
}

/** `0x0001f400` */
export function addressText(offset: number): string {
  return `0x${offset.toString(16).padStart(8, '0')}`
}
