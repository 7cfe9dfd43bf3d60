/** Milliseconds that a lost context gets to come back. */
const RESTORE_TIME = 5000

/** Canvases whose context the browser may restore. */
const restorable = new WeakSet<EventTarget>()

/**
 * The WebGL2 context of a canvas; undefined where the browser has none. A canvas has one for good:
 * where it is lost, this waits until the browser has restored it.
 */
export async function webGl2Context(
  canvas: HTMLCanvasElement | OffscreenCanvas,
): Promise<WebGL2RenderingContext | undefined> {
  // A browser restores a context only where the page says that it can deal with it.
  if (!restorable.has(canvas)) canvas.addEventListener('webglcontextlost', (event) => event.preventDefault())
  restorable.add(canvas)
  const gl = canvas.getContext('webgl2')
  if (gl === null) return undefined
  if (gl.isContextLost()) await restored(canvas)
  return gl.isContextLost() ? undefined : gl
}

function restored(canvas: EventTarget): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      canvas.removeEventListener('webglcontextrestored', end)
      resolve()
    }
    const timer = setTimeout(end, RESTORE_TIME)
    canvas.addEventListener('webglcontextrestored', end)
  })
}
