import { addComponent, addEntity, createWorld, removeEntity } from 'bitecs'
import { attachMk, GpuSynced, MkBufferUsage, type MkSync } from '@memkit/ecs-plugin'
import { dawnGpu } from '@memkit/gpu/node'
import { afterAll, expect, it } from 'vitest'

const SIZE = 8
/** Bytes of a row of pixels in a copy. */
const PITCH = 256
const gpu = await dawnGpu({ featureLevel: 'compatibility', debug: true })
const { device } = gpu.backend
afterAll(() => gpu.destroy())

it('draws live entities only, where a vertex shader may read no storage buffer', async () => {
  expect(gpu.capabilities.maxStorageBuffersInVertexStage).toBe(0)
  const errors: unknown[] = []
  gpu.onError((error) => errors.push(error))
  const Sprite = GpuSynced(
    { x: new Float32Array(65), y: new Float32Array(65) },
    { label: 'Sprite', rows: 'packed', usage: MkBufferUsage.VERTEX },
  )
  const world = createWorld()
  const mk = await attachMk(world, { gpu })
  const draw = drawer(mk)
  // An entity in each of the first 20 pixels.
  const entities = Array.from({ length: 20 }, (_, pixel) => {
    const entity = addEntity(world)
    addComponent(world, entity, Sprite)
    Sprite.x[entity] = ((pixel % SIZE) + 0.5) / (SIZE / 2) - 1
    Sprite.y[entity] = 1 - (Math.floor(pixel / SIZE) + 0.5) / (SIZE / 2)
    return entity
  })
  expect(await draw()).toEqual(Array.from({ length: 20 }, (_, pixel) => pixel))

  for (const pixel of [0, 7, 19]) removeEntity(world, entities[pixel])
  const living = Array.from({ length: 20 }, (_, pixel) => pixel).filter(
    (pixel) => ![0, 7, 19].includes(pixel),
  )
  expect(await draw()).toEqual(living)
  expect(errors).toEqual([])
  mk.dispose()

  /** @returns a function that runs a frame, draws it, and lists the pixels that were drawn */
  function drawer(mk: MkSync): () => Promise<number[]> {
    const sprites = mk.buffer(Sprite)
    const module = device.createShaderModule({
      code: `
        @vertex fn vertex(@location(0) x: f32, @location(1) y: f32) -> @builtin(position) vec4f { return vec4f(x, y, 0, 1); }
        @fragment fn fragment() -> @location(0) vec4f { return vec4f(1); }`,
    })
    const pipeline = device.createRenderPipeline({
      layout: 'auto',
      vertex: { module, buffers: [sprites.vertexLayout()] },
      fragment: { module, targets: [{ format: 'rgba8unorm' }] },
      primitive: { topology: 'point-list' },
    })
    const target = device.createTexture({
      size: [SIZE, SIZE],
      format: 'rgba8unorm',
      usage: 0x11 /* RENDER_ATTACHMENT, COPY_SRC */,
    })
    return async () => {
      mk.beginFrame()
      mk.endFrame()
      const pixels = device.createBuffer({
        size: PITCH * SIZE,
        usage: 0x9 /* MAP_READ, COPY_DST */,
      })
      const encoder = device.createCommandEncoder()
      const pass = encoder.beginRenderPass({
        colorAttachments: [{ view: target.createView(), loadOp: 'clear', storeOp: 'store' }],
      })
      pass.setPipeline(pipeline)
      pass.setVertexBuffer(0, sprites.gpuBuffer)
      pass.draw(1, sprites.rows)
      pass.end()
      encoder.copyTextureToBuffer({ texture: target }, { buffer: pixels, bytesPerRow: PITCH }, [SIZE, SIZE])
      device.queue.submit([encoder.finish()])
      await pixels.mapAsync(1 /* READ */)
      const bytes = new Uint8Array(pixels.getMappedRange())
      const drawn = Array.from({ length: SIZE * SIZE }, (_, pixel) => pixel).filter(
        (pixel) => bytes[Math.floor(pixel / SIZE) * PITCH + (pixel % SIZE) * 4] > 0,
      )
      pixels.destroy()
      return drawn
    }
  }
})
