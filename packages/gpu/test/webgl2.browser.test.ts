import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { vec4f } from '@memkit/core'
import {
  AllocationFailed,
  BufferTooLarge,
  MkBufferUsage,
  MkGpu,
  MkMemoryType,
  UsageUnsupported,
  ValidationFailed,
  WebGl2Backend,
} from '@memkit/gpu'
import { thrownBy } from '@memkit/testing/thrown-by'
import { uploadMesh, vertices } from './upload-mesh.ts'

const { INDEX, INDIRECT, STORAGE, TRANSFER_DST, TRANSFER_SRC, UNIFORM, VERTEX } = MkBufferUsage
const BOTH = TRANSFER_SRC | TRANSFER_DST

function context(): WebGL2RenderingContext {
  const gl = new OffscreenCanvas(8, 8).getContext('webgl2')
  if (!gl) throw new Error('this browser has no WebGL2')
  return gl
}

/** What an owner may have bound, and expects to find bound. */
function bindings(gl: WebGL2RenderingContext): unknown[] {
  return [
    gl.VERTEX_ARRAY_BINDING,
    gl.ARRAY_BUFFER_BINDING,
    gl.ELEMENT_ARRAY_BUFFER_BINDING,
    gl.UNIFORM_BUFFER_BINDING,
    gl.PIXEL_PACK_BUFFER_BINDING,
    gl.PIXEL_UNPACK_BUFFER_BINDING,
    gl.TRANSFORM_FEEDBACK_BUFFER_BINDING,
    gl.CURRENT_PROGRAM,
    gl.FRAMEBUFFER_BINDING,
  ].map((name) => gl.getParameter(name) as unknown)
}

/** Draws one triangle over everything, in the colour of a uniform block, and returns the pixel in the middle. */
function draw(gl: WebGL2RenderingContext, vertices: WebGLBuffer, indices: WebGLBuffer, colour: WebGLBuffer) {
  const program = gl.createProgram()
  const sources = [
    [gl.VERTEX_SHADER, 'in vec2 p; void main() { gl_Position = vec4(p, 0, 1); }'],
    [
      gl.FRAGMENT_SHADER,
      'precision highp float; layout(std140) uniform Colour { vec4 c; }; out vec4 o; void main() { o = c; }',
    ],
  ] as const
  for (const [kind, source] of sources) {
    const shader = gl.createShader(kind)!
    gl.shaderSource(shader, `#version 300 es\n${source}`)
    gl.compileShader(shader)
    gl.attachShader(program, shader)
  }
  gl.linkProgram(program)
  gl.useProgram(program)
  gl.bindBuffer(gl.ARRAY_BUFFER, vertices)
  gl.enableVertexAttribArray(0)
  gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0)
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, indices)
  gl.bindBufferBase(gl.UNIFORM_BUFFER, 0, colour)
  gl.drawElements(gl.TRIANGLES, 3, gl.UNSIGNED_SHORT, 0)
  const pixel = new Uint8Array(4)
  gl.readPixels(4, 4, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel)
  expect(gl.getError()).toBe(gl.NO_ERROR)
  return [...pixel]
}

describe('WebGl2Backend', () => {
  let gl: WebGL2RenderingContext
  let gpu: MkGpu<WebGl2Backend>
  const errors: string[] = []
  beforeEach(() => {
    gl = context()
    gpu = new MkGpu(new WebGl2Backend(gl), { debug: true })
    gpu.onError((error) => errors.push(error.message))
    return () => {
      gpu.destroy()
      gl.getExtension('WEBGL_lose_context')?.loseContext()
    }
  })
  afterEach(() => expect(errors.splice(0)).toEqual([]))

  it('reports its capabilities', () => {
    expect(gpu.capabilities).toMatchObject({
      backend: 'webgl2',
      usages: VERTEX | INDEX | UNIFORM | BOTH,
      indexIsExclusive: true,
      storage: false,
      indirect: false,
      scatter: false,
      map: false,
      unifiedMemory: false,
      maxStorageBufferBindingSize: 0,
      maxVertexAttributes: gl.getParameter(gl.MAX_VERTEX_ATTRIBS) as number,
      maxVertexBufferArrayStride: 255,
      maxComputeWorkgroupsPerDimension: 0,
      maxComputeWorkgroupSizeX: 0,
      uniformOffsetAlignment: gl.getParameter(gl.UNIFORM_BUFFER_OFFSET_ALIGNMENT) as number,
      maxUniformBufferBindingSize: gl.getParameter(gl.MAX_UNIFORM_BLOCK_SIZE) as number,
    })
    expect(gpu.capabilities.adapter).not.toBe('')
    expect(gpu.capabilities.runtime).toMatch(/^\w+\/\d/)
    for (const usage of [STORAGE, INDIRECT, INDEX | VERTEX])
      expect(() => gpu.createDeviceBuffer(16, usage | BOTH)).toThrow(UsageUnsupported)
    expect(() => gpu.createDeviceBuffer((1 << 30) + 4, VERTEX)).toThrow(BufferTooLarge)
  })

  it('runs a generic upload', async () => {
    const mesh = uploadMesh(gpu, vertices)
    expect(mesh.native).toBeInstanceOf(WebGLBuffer)
    expect(new Float32Array(await gpu.read(mesh))).toEqual(vertices)
  })

  it('fills buffers that WebGL draws with before and after', async () => {
    const triangle = gpu.vertexBuffer(new Float32Array([-1, -1, 3, -1, -1, 3]))
    const indices = gpu.indexBuffer(new Uint16Array([0, 1, 1]))
    const colour = gpu.uniformBuffer(vec4f, [1, 0, 0, 1])
    // Two corners are the same: nothing is drawn.
    expect(draw(gl, triangle.native, indices.native, colour.native)).toEqual([0, 0, 0, 0])
    indices.write(new Uint16Array([0, 1, 2]))
    expect(draw(gl, triangle.native, indices.native, colour.native)).toEqual([255, 0, 0, 255])
    colour.write([0, 1, 0, 1])
    // Drawn with already, so WebGL knows its type: transfers into it still work, and reads.
    gpu.transfer(gpu.stagingBufferWithData(new Uint16Array([2, 1, 0, 0])), indices, { size: 6 })
    expect(draw(gl, triangle.native, indices.native, colour.native)).toEqual([0, 255, 0, 255])
    expect([...new Uint16Array(await gpu.read(indices))]).toEqual([2, 1, 0])
  })

  it("leaves the owner's bindings unchanged", async () => {
    const array = gl.createVertexArray()
    gl.bindVertexArray(array)
    const [own, index] = [gl.createBuffer(), gl.createBuffer()]
    gl.bindBuffer(gl.ARRAY_BUFFER, own)
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, index)
    gl.bindBuffer(gl.UNIFORM_BUFFER, own)
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, own)
    const before = bindings(gl)
    expect(before.slice(0, 5)).toEqual([array, own, index, own, own])
    const indices = gpu.indexBuffer(new Uint32Array([1, 2]))
    const staging = gpu.stagingBufferWithData(new Uint32Array([3]))
    const buffer = gpu.createDeviceBuffer(2 << 20, VERTEX | BOTH)
    gpu.transfer(staging, buffer)
    gpu.write(buffer, 8, new ArrayBuffer(8))
    const more = gpu.createDeviceBuffer(8, INDEX | BOTH)
    gpu.copy(indices, 0, more, 0, 4)
    await buffer.allocationError
    await gpu.read(indices)
    await gpu.waitIdle()
    buffer.destroy()
    expect(bindings(gl)).toEqual(before)
    for (const name of [gl.COPY_READ_BUFFER_BINDING, gl.COPY_WRITE_BUFFER_BINDING])
      expect(gl.getParameter(name)).toBeNull()
    gpu.destroy()
    expect(bindings(gl)).toEqual(before)
    expect(gl.isContextLost()).toBe(false) // borrowed
  })

  it('reports progress between tasks only', async () => {
    const buffer = gpu.createDeviceBuffer(16, BOTH)
    gpu.write(buffer, 0, new ArrayBuffer(16))
    const fence = gpu.fence()
    expect(fence.isComplete).toBe(false)
    gl.finish()
    expect(fence.isComplete).toBe(false)
    await fence.done
    expect(fence.isComplete).toBe(true)
  })

  it('maps through CPU memory, asynchronously', async () => {
    const staging = gpu.stagingBufferWithData(new Uint32Array([1, 2]))
    const map = staging.map()
    expect(staging.state).toBe('pending')
    await map
    staging.unmap()
    const back = gpu.createStagingBuffer(8, { memory: MkMemoryType.HostCached })
    gpu.transfer(staging, back)
    expect([...new Uint32Array((await back.map()).slice().buffer)]).toEqual([1, 2])
  })

  it('supports several gpus on one context', async () => {
    const other = new MkGpu(new WebGl2Backend(gl))
    const [a, b] = [gpu.createDeviceBuffer(4, BOTH), other.createDeviceBuffer(4, BOTH)]
    gpu.write(a, 0, new Uint32Array([1]).buffer)
    other.write(b, 0, new Uint32Array([2]).buffer)
    other.destroy()
    expect([...new Uint32Array(await gpu.read(a))]).toEqual([1])
  })
})

describe('a WebGL2 context', () => {
  it("reports its errors by name in debug mode, apart from the owner's", async () => {
    const gl = context()
    const gpu = new MkGpu(new WebGl2Backend(gl, { owned: true }), { debug: true })
    const heard: ValidationFailed[] = []
    gpu.onError((error) => error instanceof ValidationFailed && heard.push(error))
    const buffer = gpu.createDeviceBuffer(16, BOTH, { label: 'camera' })
    gpu.backend.write(buffer.native, 12, new ArrayBuffer(8), 0, 8)
    expect(heard.splice(0)).toMatchObject([{ operation: 'write', label: 'camera', detail: 'INVALID_VALUE' }])
    gl.enable(0xbad)
    gpu.write(buffer, 0, new ArrayBuffer(4))
    expect(heard).toMatchObject([{ operation: '', label: '', detail: 'INVALID_ENUM' }])
    gpu.destroy()
    expect(gl.isContextLost()).toBe(true) // owned
  })

  it.each([false, true])('reports late that it has no memory for a buffer (debug: %s)', async (debug) => {
    const gl = context()
    const gpu = new MkGpu(new WebGl2Backend(gl, { owned: true, maxBufferSize: 2 ** 45 }), { debug })
    const heard: string[] = []
    gpu.onError((error) => heard.push(error.message))
    const buffer = gpu.createDeviceBuffer(2 ** 44, VERTEX, { label: 'too much' })
    const error = await buffer.allocationError
    expect(error).toBeInstanceOf(AllocationFailed)
    expect(error).toMatchObject({ label: 'too much', requested: 2 ** 44 })
    // This much is refused before memory is asked for; debug mode tells that too.
    expect(heard).toEqual(debug ? [expect.stringContaining("createBuffer on 'too much'")] : [])
    gpu.destroy()
  })

  it('reports that it has no memory to read back, and continues', async () => {
    const gpu = new MkGpu(new WebGl2Backend(context(), { owned: true, maxBufferSize: 2 ** 45 }))
    const most = 2 ** 44 // more than any ArrayBuffer or buffer object has
    thrownBy(AllocationFailed, () => gpu.createStagingBuffer(most))
    const small = gpu.createDeviceBuffer(4, BOTH)
    gpu.write(small, 0, new Uint32Array([7]).buffer)
    const target = gpu.createStagingBuffer(most, { memory: MkMemoryType.HostCached })
    gpu.transfer(small, target)
    await expect(target.map()).rejects.toMatchObject({ code: 'AllocationFailed', requested: most })
    expect(target.state).toBe('unmapped')
    // What waits behind it is not held up.
    expect([...new Uint32Array(await gpu.read(small))]).toEqual([7])
    gpu.destroy()
  })

  it('rejects pending work when it is lost, and works with a new backend when it is restored', async () => {
    const gl = context()
    const extension = gl.getExtension('WEBGL_lose_context')!
    // The owner’s part: without it the browser does not restore.
    gl.canvas.addEventListener('webglcontextlost', (event) => event.preventDefault())
    const restored = new Promise((resolve) => gl.canvas.addEventListener('webglcontextrestored', resolve))
    const gpu = new MkGpu(new WebGl2Backend(gl))
    const buffer = gpu.createDeviceBuffer(16, BOTH)
    gpu.write(buffer, 0, new ArrayBuffer(16))
    const fence = gpu.fence()
    const read = gpu.read(buffer)
    extension.loseContext()
    gpu.write(buffer, 0, new ArrayBuffer(16)) // not known yet: nothing happens, nothing throws
    await expect(fence.done).rejects.toMatchObject({ code: 'DeviceLost' })
    await expect(read).rejects.toMatchObject({ code: 'DeviceLost' })
    expect(gpu.completedSerial).toBe(0)

    const early = new MkGpu(new WebGl2Backend(gl))
    expect(early.isLost).toBe(true)
    // A context is restored in a task after that of its loss.
    await new Promise((resolve) => setTimeout(resolve, 0))
    extension.restoreContext()
    await restored
    expect(gpu.isLost).toBe(true)
    const next = new MkGpu(new WebGl2Backend(gl, { owned: true }))
    const again = next.createDeviceBuffer(4, BOTH)
    next.write(again, 0, new Uint32Array([7]).buffer)
    expect([...new Uint32Array(await next.read(again))]).toEqual([7])
    gpu.destroy()
    next.destroy()
  })
})
