import type { ColumnsBuffer, GpuQuery, SyncedBuffer } from '@memkit/ecs-plugin'
import { sky } from './backdrop.glsl.ts'
import { outlines } from './outlines.glsl.ts'
import type { Renderer, Scene } from './scene.ts'
import { backdrop, bodies, drones, embers } from './shaders.glsl.ts'
import { viewLayout } from './view.ts'

/** An attribute of an entity: where in a buffer its numbers lie. */
interface Attribute {
  readonly buffer: SyncedBuffer
  readonly count: number
  /** Bytes from one entity to the next, and to the first; these may move when the buffer is replaced. */
  readonly place: () => { readonly stride: number; readonly offset: number }
}

/** Numbers of a row. */
function numbers(buffer: SyncedBuffer, first: number, count: number): Attribute {
  return { buffer, count, place: () => ({ stride: buffer.stride, offset: first * 4 }) }
}

/** Each column by itself. */
function columns(buffer: ColumnsBuffer): Attribute[] {
  return buffer.sections.map(({ arity }, i) => ({ buffer, count: arity, place: () => buffer.sections[i] }))
}

interface Layer {
  readonly program: WebGLProgram
  readonly pixels: WebGLUniformLocation | null
  readonly attributes: readonly Attribute[]
  readonly list: GpuQuery | undefined
}

/**
 * Draws the scene with WebGL2: a point for each entity of a list, which is an index buffer there.
 */
export class WebGl2Renderer implements Renderer {
  readonly #gl: WebGL2RenderingContext
  readonly #view: WebGLBuffer
  readonly #layers: readonly Layer[]
  readonly #vertexArray: WebGLVertexArrayObject

  constructor(canvas: HTMLCanvasElement, scene: Scene) {
    const gl = canvas.getContext('webgl2')!
    this.#gl = gl
    this.#vertexArray = gl.createVertexArray()
    this.#view = gl.createBuffer()
    gl.bindBuffer(gl.UNIFORM_BUFFER, this.#view)
    gl.bufferData(gl.UNIFORM_BUFFER, viewLayout.size, gl.DYNAMIC_DRAW)
    gl.bindBuffer(gl.UNIFORM_BUFFER, null)
    const { position, velocity, look, ember } = scene
    const places = [...columns(position), ...columns(velocity), numbers(look, 0, 3)]
    this.#layers = [
      this.#layer(backdrop.vertex, backdrop.fragment(sky), []),
      this.#layer(embers.vertex, embers.fragment, [numbers(ember, 0, 4), numbers(ember, 4, 2)], scene.embers),
      this.#layer(drones.vertex, drones.fragment, places, scene.drones),
      this.#layer(bodies.vertex, bodies.fragment(outlines), [...places, numbers(look, 3, 2)], scene.bodies),
    ]
  }

  draw(view: Float32Array<ArrayBuffer>): void {
    const gl = this.#gl
    const { width, height } = gl.canvas
    gl.bindVertexArray(this.#vertexArray)
    gl.viewport(0, 0, width, height)
    gl.bindBuffer(gl.UNIFORM_BUFFER, this.#view)
    gl.bufferSubData(gl.UNIFORM_BUFFER, 0, view)
    gl.bindBufferBase(gl.UNIFORM_BUFFER, 0, this.#view)
    // Light is added; matter covers the background by its alpha.
    gl.blendFuncSeparate(gl.ONE, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE)
    for (const { program, pixels, attributes, list } of this.#layers) {
      gl.useProgram(program)
      if (list === undefined) {
        gl.disable(gl.BLEND)
        gl.drawArrays(gl.TRIANGLES, 0, 3)
        gl.enable(gl.BLEND)
        continue
      }
      if (list.count === 0) continue
      gl.uniform1f(pixels, width)
      attributes.forEach(({ buffer, count, place }, location) => {
        const { offset, stride } = place()
        gl.bindBuffer(gl.ARRAY_BUFFER, buffer.buffer.native)
        gl.enableVertexAttribArray(location)
        gl.vertexAttribPointer(location, count, gl.FLOAT, false, stride, offset)
      })
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, list.indices.buffer.native)
      gl.drawElements(gl.POINTS, list.count, gl.UNSIGNED_INT, 0)
      attributes.forEach((_, location) => gl.disableVertexAttribArray(location))
    }
    gl.bindVertexArray(null)
  }

  dispose(): void {
    const gl = this.#gl
    for (const { program } of this.#layers) gl.deleteProgram(program)
    gl.deleteBuffer(this.#view)
    gl.deleteVertexArray(this.#vertexArray)
  }

  #layer(vertex: string, fragment: string, attributes: readonly Attribute[], list?: GpuQuery): Layer {
    const gl = this.#gl
    const program = gl.createProgram()
    for (const [type, source] of [
      [gl.VERTEX_SHADER, vertex],
      [gl.FRAGMENT_SHADER, fragment],
    ] as const) {
      const shader = gl.createShader(type)!
      gl.shaderSource(shader, source)
      gl.compileShader(shader)
      gl.attachShader(program, shader)
      gl.deleteShader(shader)
    }
    gl.linkProgram(program)
    if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true && !gl.isContextLost())
      throw new Error(`A shader of the game does not compile here: ${gl.getProgramInfoLog(program)}
${gl
  .getAttachedShaders(program)
  ?.map((shader) => gl.getShaderInfoLog(shader))
  .join('')}`)
    const block = gl.getUniformBlockIndex(program, 'View')
    if (block !== gl.INVALID_INDEX) gl.uniformBlockBinding(program, block, 0)
    return { program, pixels: gl.getUniformLocation(program, 'pixels'), attributes, list }
  }
}
