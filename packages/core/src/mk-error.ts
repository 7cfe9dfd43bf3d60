import { hasBrand, isInstance } from './brand.ts'

/**
 * Base of every error that memkit throws. `code` is stable and machine-readable; the message says
 * what was asked, what the limit is, and what to do.
 */
export abstract class MkError extends Error {
  /** `instanceof MkError` holds for errors of every copy of the packages; see {@link hasCode}. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === MkError ? hasBrand(value, 'MkError') : isInstance(value, this)
  }

  /** @internal */
  get '@memkit/class'(): 'MkError' {
    return 'MkError'
  }

  /** Stable name of the error, equal to the name of its class, e.g. `'HeapFull'`. */
  abstract readonly code: string

  /**
   * @param fields become properties of the error: what was asked, what is allowed
   * @param options `cause`: the caught error
   */
  constructor(message: string, fields?: object, options?: { cause?: unknown }) {
    super(message, options)
    Object.assign(this, fields)
  }

  override get name(): string {
    return this.code
  }
}

/**
 * Whether a caught value is the error with that code, from any copy of the packages.
 *
 * ```ts
 * catch (error) {
 *   if (hasCode(error, 'HeapFull')) …
 * }
 * ```
 */
export function hasCode<C extends string>(error: unknown, code: C): error is MkError & { readonly code: C } {
  return error instanceof MkError && error.code === code
}

/** Returns the message of a caught error, or any other value as text. */
export function messageOf(caught: unknown): string {
  return caught instanceof Error ? caught.message : String(caught)
}

/**
 * The class of one error. It is made with its fields, what was asked and what is allowed, but not
 * their `code`: `new HeapFull({ asked, … })`.
 */
export interface ErrorClass<Fields extends { code: string }> {
  new (
    ...made: object extends Omit<Fields, 'code'>
      ? [fields?: object, options?: ErrorOptions]
      : [fields: Omit<Fields, 'code'>, options?: ErrorOptions]
  ): MkError & Readonly<Fields>
  readonly prototype: MkError & Readonly<Fields>
}

/**
 * Makes the class of one error. The comment of the constant that holds it becomes its row in
 * docs/errors.md (`npm run errors`): what the error means and what state things are in; then, after
 * "What to do:", the way out.
 * @param code name of the class
 * @param message says what was asked, what the limit is, and what to do; gets the fields, and what
 *   was caught. Builds for production have none: the message is the code and the fields then
 */
// Lets bundlers leave out the errors that a program cannot meet.
/* @__NO_SIDE_EFFECTS__ */
export function defineError<Fields extends { code: string }>(
  code: Fields['code'],
  message?: (fields: Omit<Fields, 'code'>, cause: unknown) => string,
): ErrorClass<Fields> {
  const Defined = class extends MkError {
    readonly code = code

    constructor(fields: Omit<Fields, 'code'>, options?: ErrorOptions) {
      super(message ? message(fields, options?.cause) : saidOf(code, fields), fields, options)
    }
  }
  Object.defineProperty(Defined, 'name', { value: code })
  return Defined as unknown as ErrorClass<Fields>
}

/** What is left to say without a text. Fields that are objects are on the error. */
function saidOf(code: string, fields: object | undefined): string {
  const said = Object.entries(fields ?? {})
    .filter(([, value]) => Object(value) !== value)
    .map(([name, value]) => `${name}: ${String(value)}`)
  return [code, ...said, `see docs/errors.md#${code}`].join(', ')
}
