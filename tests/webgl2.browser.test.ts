import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
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
