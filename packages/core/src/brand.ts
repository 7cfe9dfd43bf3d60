// A page may hold two copies of these packages: one pre-bundled by a dev server and one not, one
// from a CDN, two versions. The classes of one copy differ from those of the other, so a plain
// `instanceof` would refuse instances that work. Classes whose instances go from package to package
// carry a brand, which is the same in every copy, and decide `instanceof` by it.

/** Key under which an instance tells every copy of the packages the name of its class. */
const brand = '@memkit/class'

/** Whether a value is an instance of the class of that name, of any copy of the packages. */
export function hasBrand(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && (value as { [brand]?: unknown })[brand] === name
}

/** Decides `instanceof` by prototypes, for subclasses of a branded class. */
export function isInstance(value: unknown, of: abstract new (...args: never[]) => object): boolean {
  return Function.prototype[Symbol.hasInstance].call(of, value)
}

/** Returns the state `name`, shared by all copies of the packages on a page; the first makes it. */
export function shared<T extends object>(name: string, make: () => T): T {
  const holder = globalThis as { [key: symbol]: T | undefined }
  return (holder[Symbol.for(`@memkit/${name}`)] ??= make())
}
