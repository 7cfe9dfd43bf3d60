const names = ['INVALID_ENUM', 'INVALID_VALUE', 'INVALID_OPERATION', 'OUT_OF_MEMORY'] as const

/** Names of the errors that a context has kept since it was last asked. Asking waits for the browser. */
export function glErrors(gl: WebGL2RenderingContext): string[] {
  const errors: string[] = []
  for (let error = gl.getError(); error !== gl.NO_ERROR; error = gl.getError()) {
    if (error === gl.CONTEXT_LOST_WEBGL) break
    errors.push(names.find((name) => gl[name] === error) ?? `error ${error}`)
  }
  return errors
}
