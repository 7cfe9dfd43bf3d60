import { readValue } from '@memkit/core'
import type { Replay, ReplayMirror } from '@memkit/coordinator/recording'

/** Says where two recordings differ first, frame by frame; undefined where they don't. */
export function firstDifference(a: Replay, b: Replay, first: number, last: number): string | undefined {
  for (let frame = first; frame <= last; frame++) {
    if (frame >= b.frames) return `The other one has ${b.frames} frames, and not frame ${frame}.`
    a.seek(frame)
    b.seek(frame)
    if (a.checksum === b.checksum && a.mirrors.length === b.mirrors.length) continue
    const found = differenceIn(a, b)
    if (found !== undefined) return `Frame ${frame}: ${found}`
  }
  return undefined
}

function differenceIn(a: Replay, b: Replay): string | undefined {
  const others = new Map(b.mirrors.map((mirror) => [mirror.label, mirror]))
  for (const mirror of a.mirrors) {
    const other = others.get(mirror.label)
    if (other === undefined) return `the other one has no mirror ${mirror.label}.`
    if (other.bytes.length !== mirror.bytes.length)
      return `${mirror.label} has ${mirror.bytes.length} bytes, and ${other.bytes.length} in the other one.`
    const at = mirror.bytes.findIndex((byte, i) => byte !== other.bytes[i])
    if (at >= 0) return describe(mirror, other, at)
  }
  return a.mirrors.length === b.mirrors.length ? undefined : 'the other one has more mirrors.'
}

function describe(mirror: ReplayMirror, other: ReplayMirror, at: number): string {
  const { label, sections, stride, layout } = mirror
  if (layout === 'columns') {
    const section = sections.find(({ offset, size }) => at >= offset && at < offset + size)
    if (section === undefined) return `${label}, byte ${at}.`
    const { name, offset, elementBytes, arity } = section
    const row = Math.floor((at - offset) / (elementBytes * arity))
    return `${label}, row ${row}, column ${name}: ${hex(mirror, offset + row * elementBytes * arity, elementBytes * arity)}, not ${hex(other, offset + row * elementBytes * arity, elementBytes * arity)}.`
  }
  const row = Math.floor(at / stride)
  return `${label}, row ${row}, byte ${at % stride}: ${value(mirror, row)}, not ${value(other, row)}.`
}

/** A row as its schema has it. */
function value(mirror: ReplayMirror, row: number): string {
  const { schema, bytes, stride } = mirror
  if (schema === undefined) return hex(mirror, row * stride, stride)
  const view = new DataView(bytes.buffer, bytes.byteOffset + row * stride, stride)
  return JSON.stringify(readValue(schema, view, 0))
}

function hex({ bytes }: ReplayMirror, from: number, count: number): string {
  return Buffer.from(bytes.subarray(from, from + count)).toString('hex')
}
