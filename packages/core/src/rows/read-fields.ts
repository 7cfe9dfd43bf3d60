type Entry = Readonly<Record<string, unknown>> | null | undefined

/**
 * Reads four numbers of each object of a range, and puts them where four columns have their scratch.
 * @param from index of the first object; `end` behind the last
 * @param first index of the object whose numbers go to the start of the scratch
 * @returns the index of the first that has something else under a name, or isn't there; `end` without one
 */
export type ReadFields = (
  objects: readonly Entry[],
  a: string,
  b: string,
  c: string,
  d: string,
  from: number,
  end: number,
  first: number,
  toA: Float32Array,
  toB: Float32Array,
  toC: Float32Array,
  toD: Float32Array,
) => number

// The same function four times: an engine that sees `object[name]` with one name reads a field where
// it lies; with several it looks each up, and boxes each float. So each four names get a place of their
// own. Four in a pass, because an object is looked up and checked once for all of them.
const readers: readonly ReadFields[] = [
  (objects, a, b, c, d, from, end, first, toA, toB, toC, toD) => {
    const last = Math.min(end, objects.length)
    for (let i = from; i < last; i++) {
      const entry = objects[i]
      if (entry === undefined || entry === null) return i
      const va = entry[a]
      const vb = entry[b]
      const vc = entry[c]
      const vd = entry[d]
      if (typeof va !== 'number' || typeof vb !== 'number') return i
      if (typeof vc !== 'number' || typeof vd !== 'number') return i
      const at = i - first
      toA[at] = va
      toB[at] = vb
      toC[at] = vc
      toD[at] = vd
    }
    return last > from ? last : from
  },
  (objects, a, b, c, d, from, end, first, toA, toB, toC, toD) => {
    const last = Math.min(end, objects.length)
    for (let i = from; i < last; i++) {
      const entry = objects[i]
      if (entry === undefined || entry === null) return i
      const va = entry[a]
      const vb = entry[b]
      const vc = entry[c]
      const vd = entry[d]
      if (typeof va !== 'number' || typeof vb !== 'number') return i
      if (typeof vc !== 'number' || typeof vd !== 'number') return i
      const at = i - first
      toA[at] = va
      toB[at] = vb
      toC[at] = vc
      toD[at] = vd
    }
    return last > from ? last : from
  },
  (objects, a, b, c, d, from, end, first, toA, toB, toC, toD) => {
    const last = Math.min(end, objects.length)
    for (let i = from; i < last; i++) {
      const entry = objects[i]
      if (entry === undefined || entry === null) return i
      const va = entry[a]
      const vb = entry[b]
      const vc = entry[c]
      const vd = entry[d]
      if (typeof va !== 'number' || typeof vb !== 'number') return i
      if (typeof vc !== 'number' || typeof vd !== 'number') return i
      const at = i - first
      toA[at] = va
      toB[at] = vb
      toC[at] = vc
      toD[at] = vd
    }
    return last > from ? last : from
  },
  (objects, a, b, c, d, from, end, first, toA, toB, toC, toD) => {
    const last = Math.min(end, objects.length)
    for (let i = from; i < last; i++) {
      const entry = objects[i]
      if (entry === undefined || entry === null) return i
      const va = entry[a]
      const vb = entry[b]
      const vc = entry[c]
      const vd = entry[d]
      if (typeof va !== 'number' || typeof vb !== 'number') return i
      if (typeof vc !== 'number' || typeof vd !== 'number') return i
      const at = i - first
      toA[at] = va
      toB[at] = vb
      toC[at] = vc
      toD[at] = vd
    }
    return last > from ? last : from
  },
]

const placeOf = new Map<string, number>()

/** The function that reads these names, always the same one. */
export function fieldsReader(names: readonly string[]): ReadFields {
  const key = JSON.stringify(names)
  let place = placeOf.get(key)
  if (place === undefined) placeOf.set(key, (place = placeOf.size % readers.length))
  return readers[place]
}
