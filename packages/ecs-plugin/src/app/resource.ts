import type { MkSync } from '../sync/mk-sync.ts'

declare const resourceType: unique symbol

/** Names a resource that has no class of its own. Made by {@link defineResource}. */
export interface ResourceToken<T> {
  /** What errors call the resource. */
  readonly name: string
  /** Carries `T` in the type; there is no such property at run time. */
  readonly [resourceType]: T
}

/** What a resource is found by: its class, or a token. */
export type ResourceKey<T> = ResourceToken<T> | (abstract new (...args: never[]) => T)

/**
 * Makes a key for a resource: `const Score = defineResource<{ points: number }>('Score')`. Every call
 * makes a new key, whatever the name: define it once and export it.
 */
export function defineResource<T>(name: string): ResourceToken<T> {
  return Object.freeze({ name }) as ResourceToken<T>
}

/**
 * The resource that MkPlugin inserts and `app.mk` reads. Every copy of this package has the same
 * key, because the plugin may come from another copy than the App.
 */
export const MkResource: ResourceToken<MkSync<object>> = /* @__PURE__ */ Symbol.for(
  '@memkit/mk-sync',
) as never
