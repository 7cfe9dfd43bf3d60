// A page may hold two copies of these packages: one pre-bundled by a dev server and one not, one from a CDN, two versions. A class of
// one copy is another class than that of the other, so `instanceof` alone would refuse what works. Classes whose instances go from
// package to package carry a brand, which is the same in every copy, and answer `instanceof` by it.

/** Under this key an instance tells the name of its class, to every copy of the packages. */
const brand = '@memkit/class'

/** Whether a value is an instance of the class of that name, made by this copy of the packages or another. */
export function hasBrand(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && (value as { [brand]?: unknown })[brand] === name
}

/** `instanceof` by prototypes, for the subclasses of a branded class. */
export function isInstance(value: unknown, of: abstract new (...args: never[]) => object): boolean {
  return Function.prototype[Symbol.hasInstance].call(of, value)
}

/**
 * State that all copies of the packages on a page share, made by the copy that asks first.
 * @param name one for each piece of state
 */
export function shared<T extends object>(name: string, make: () => T): T {
  const holder = globalThis as { [key: symbol]: T | undefined }
  return (holder[Symbol.for(`@memkit/${name}`)] ??= make())
}
