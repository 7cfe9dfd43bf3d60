/** Puts a number that an object has under a name at `out[0]`. @returns false when there is none, and then nothing is put */
export type PropertyReader = (
  object: Readonly<Record<string, unknown>>,
  name: string,
  out: Float64Array,
) => boolean

// The same function sixteen times: an engine that sees `object[name]` with one name reads a field where it lies; with several names
// it looks each up, and makes an object of each float on the way. So each name gets a place in the code of its own, while there are any.
const readers: readonly PropertyReader[] = [
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
]

function put(value: unknown, out: Float64Array): boolean {
  if (typeof value !== 'number') return false
  out[0] = value
  return true
}

const placeOf = new Map<string, number>()

/** The reader of a name, always the same one. */
export function propertyReader(name: string): PropertyReader {
  let place = placeOf.get(name)
  if (place === undefined) placeOf.set(name, (place = placeOf.size % readers.length))
  return readers[place]
}
