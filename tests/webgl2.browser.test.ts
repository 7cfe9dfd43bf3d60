import { attachMk, f32, GpuSynced, i32, struct, u32, vec3u } from '@memkit/ecs-plugin'
import { MkGpu, WebGl2Backend } from '@memkit/gpu'
import { addComponent, addEntity, createWorld, Not, removeEntity } from 'bitecs'
import { describe, expect, it } from 'vitest'

async function open(): Promise<MkGpu> {
  const gl = new OffscreenCanvas(8, 8).getContext('webgl2')!
  return new MkGpu(new WebGl2Backend(gl), { debug: true })
}

describe('on WebGL2 in Chromium', () => {
  it('draws a GPU query by its count, without INDIRECT', async () => {
    const gpu = await open()
    const Thing = GpuSynced({ x: new Float32Array(20) }, { rows: 'packed', label: 'Thing' })
    const Hidden = {}
    const world = createWorld()
    const mk = await attachMk(world, { gpu })
    const shown = mk.query([Thing, Not(Hidden)], { draw: { vertexCount: 6 }, rowsOf: Thing })
    const entities = Array.from({ length: 5 }, () => addEntity(world))
    for (const entity of entities) {
      addComponent(world, entity, Thing)
      Thing.x[entity] = entity * 10
    }
    addComponent(world, entities[2], Hidden)
    removeEntity(world, entities[0])
    mk.beginFrame()
    mk.endFrame()
    expect(shown.count).toBe(3)
    const rows = new Uint32Array(await shown.indices.read())
    const xs = new Float32Array(await mk.buffer(Thing).read())
    // Entities 2, 4 and 5 are alive and shown.
    expect([...rows].map((row) => xs[row]).sort((a, b) => a - b)).toEqual([20, 40, 50])
    expect(() => shown.drawArgs).toThrowError(
      expect.objectContaining({ code: 'UsageUnsupported', message: expect.stringContaining('INDIRECT') }),
    )
    expect(() => shown.draw({ vertexCount: 3 })).toThrowError(
      expect.objectContaining({ code: 'UsageUnsupported', message: expect.stringContaining('INDIRECT') }),
    )
    const computed = mk.query([Thing], { dispatch: { workgroupSize: 64 } })
    expect(() => computed.dispatchArgs).toThrowError(
      expect.objectContaining({ code: 'UsageUnsupported', message: expect.stringContaining('INDIRECT') }),
    )
    mk.dispose()
    gpu.destroy()
  })

  it.each(['detect', 'marked', 'all'] as const)(
    'reads columns as attributes, of any width, %s',
    async (changes) => {
      const gl = new OffscreenCanvas(8, 1).getContext('webgl2')!
      const gpu = new MkGpu(new WebGl2Backend(gl), { debug: true })
      const [n, world] = [1001, createWorld()]
      const store = {
        hp: new Uint8Array(n),
        x: new Float32Array(n),
        rgb: new Uint8Array(3 * n),
        turn: new Int16Array(n),
        y: new Float32Array(n),
      }
      const schema = struct({ hp: u32, x: f32, rgb: vec3u, turn: i32, y: f32 })
      const Body = GpuSynced(store, { label: 'Body', layout: 'columns', changes, schema, capacity: 100 })
      const mk = await attachMk(world, { gpu })
      const program = gl.createProgram()
      for (const [type, source] of [
        [
          gl.VERTEX_SHADER,
          `layout(location=0) in uint hp; layout(location=1) in float x; layout(location=2) in uvec3 rgb;
         layout(location=3) in int turn; layout(location=4) in float y;
         flat out uint o0; flat out float o1; flat out uvec3 o2; flat out int o3; flat out float o4;
         void main() { o0 = hp; o1 = x; o2 = rgb; o3 = turn; o4 = y; gl_Position = vec4(0); }`,
        ],
        [gl.FRAGMENT_SHADER, 'precision mediump float; out vec4 colour; void main() { colour = vec4(1); }'],
      ] as const) {
        const shader = gl.createShader(type)!
        gl.shaderSource(shader, `#version 300 es\n${source}`)
        gl.compileShader(shader)
        gl.attachShader(program, shader)
      }
      gl.transformFeedbackVaryings(program, ['o0', 'o1', 'o2', 'o3', 'o4'], gl.INTERLEAVED_ATTRIBS)
      gl.linkProgram(program)
      expect(gl.getProgramInfoLog(program)).toBe('')
      const types = {
        f32: gl.FLOAT,
        i32: gl.INT,
        u32: gl.UNSIGNED_INT,
        i16: gl.SHORT,
        u16: gl.UNSIGNED_SHORT,
        i8: gl.BYTE,
        u8: gl.UNSIGNED_BYTE,
      }
      const rowWords = 7
      const out = gl.createBuffer()
      for (let entities = 0, round = 0; entities < n - 1; round++) {
        mk.beginFrame()
        for (const last = Math.min(n - 1, entities + 333); entities < last; entities++)
          addComponent(world, addEntity(world), Body)
        for (let e = 1; e <= entities; e++) {
          store.hp[e] = e * 7 + round
          store.x[e] = e * 1.5 + round
          store.rgb.set([e, e + round, 255 - e], e * 3)
          store.turn[e] = e * -77
          store.y[e] = -e / 4
        }
        if (changes === 'marked') mk.markAll(Body)
        mk.endFrame()

        gl.useProgram(program)
        gl.bindBuffer(gl.ARRAY_BUFFER, mk.buffer(Body).buffer.native)
        mk.buffer(Body).sections.forEach(({ kind, arity, stride, offset }, location) => {
          gl.enableVertexAttribArray(location)
          if (kind === 'f32') gl.vertexAttribPointer(location, arity, types[kind], false, stride, offset)
          else gl.vertexAttribIPointer(location, arity, types[kind], stride, offset)
        })
        const { rows } = mk.buffer(Body)
        gl.bindBuffer(gl.TRANSFORM_FEEDBACK_BUFFER, out)
        gl.bufferData(gl.TRANSFORM_FEEDBACK_BUFFER, rows * rowWords * 4, gl.STREAM_READ)
        gl.bindBufferBase(gl.TRANSFORM_FEEDBACK_BUFFER, 0, out)
        gl.enable(gl.RASTERIZER_DISCARD)
        gl.beginTransformFeedback(gl.POINTS)
        gl.drawArrays(gl.POINTS, 0, rows)
        gl.endTransformFeedback()
        gl.disable(gl.RASTERIZER_DISCARD)
        gl.bindBufferBase(gl.TRANSFORM_FEEDBACK_BUFFER, 0, null)
        const bytes = new ArrayBuffer(rows * rowWords * 4)
        gl.bindBuffer(gl.COPY_READ_BUFFER, out)
        gl.getBufferSubData(gl.COPY_READ_BUFFER, 0, new Uint8Array(bytes))
        gl.bindBuffer(gl.COPY_READ_BUFFER, null)
        const [words, floats, ints] = [new Uint32Array(bytes), new Float32Array(bytes), new Int32Array(bytes)]
        let wrong = 0
        for (let e = 0; e < rows; e++) {
          const at = e * rowWords
          const isRight =
            words[at] === store.hp[e] &&
            floats[at + 1] === store.x[e] &&
            [0, 1, 2].every((k) => words[at + 2 + k] === store.rgb[e * 3 + k]) &&
            ints[at + 5] === store.turn[e] &&
            floats[at + 6] === store.y[e]
          if (!isRight) wrong++
        }
        expect([rows, wrong]).toEqual([entities + 1, 0])
        expect(gl.getError()).toBe(0)
      }
      mk.dispose()
      gpu.destroy()
    },
  )

  it('draws a point of each matching entity with the list of a GPU query as index buffer', async () => {
    const gl = new OffscreenCanvas(8, 1).getContext('webgl2')!
    const gpu = new MkGpu(new WebGl2Backend(gl), { debug: true })
    const Cell = GpuSynced({ x: new Float32Array(9) }, { label: 'Cell' })
    const Hidden = {}
    const world = createWorld()
    const mk = await attachMk(world, { gpu })
    const shown = mk.query([Cell, Not(Hidden)])
    const entities = Array.from({ length: 8 }, () => addEntity(world))
    for (const [pixel, entity] of entities.entries()) {
      addComponent(world, entity, Cell)
      Cell.x[entity] = (pixel + 0.5) / 4 - 1
      if (pixel % 3 === 0) addComponent(world, entity, Hidden)
    }
    mk.beginFrame()
    mk.endFrame()

    const program = gl.createProgram()
    for (const [type, source] of [
      [gl.VERTEX_SHADER, 'in float x; void main() { gl_Position = vec4(x, 0, 0, 1); gl_PointSize = 1.0; }'],
      [gl.FRAGMENT_SHADER, 'precision mediump float; out vec4 colour; void main() { colour = vec4(1); }'],
    ] as const) {
      const shader = gl.createShader(type)!
      gl.shaderSource(shader, `#version 300 es\n${source}`)
      gl.compileShader(shader)
      gl.attachShader(program, shader)
    }
    gl.linkProgram(program)
    gl.useProgram(program)
    gl.bindBuffer(gl.ARRAY_BUFFER, mk.buffer(Cell).buffer.native)
    gl.enableVertexAttribArray(0)
    gl.vertexAttribPointer(0, 1, gl.FLOAT, false, 4, 0)
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, shown.indices.buffer.native)
    gl.drawElements(gl.POINTS, shown.count, gl.UNSIGNED_INT, 0)
    const pixels = new Uint8Array(8 * 4)
    gl.readPixels(0, 0, 8, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixels)
    // Pixels 0, 3 and 6 are those of hidden entities.
    expect([...new Uint32Array(pixels.buffer)].map(Boolean)).toEqual([0, 1, 1, 0, 1, 1, 0, 1].map(Boolean))
    expect(gl.getError()).toBe(gl.NO_ERROR)
    mk.dispose()
    gpu.destroy()
  })
})
