// Draws everything with one call, from the buffers that memkit syncs.
import { perGeneration } from '@memkit/ecs-plugin'
import type { MkSync } from '@memkit/ecs-plugin'
import { Look, Position } from './world.ts'

/**
 * Returns a function that draws a frame. Call it again when the device was lost and memkit has a
 * new one.
 */
export function createDraw(mk: MkSync, canvas: HTMLCanvasElement): () => void {
  const device = mk.device!
  const context = canvas.getContext('webgpu')!
  const format = navigator.gpu.getPreferredCanvasFormat()
  context.configure({ device, format, alphaMode: 'opaque' })

  const position = mk.buffer(Position)
  const look = mk.buffer(Look)
  // memkit keeps the list of entities and the arguments of the draw call on the GPU.
  const dots = mk.query([Position, Look], { draw: { vertexCount: 6 } })

  // memkit writes structs and bindings, so that they always match the data.
  const module = device.createShaderModule({
    code: `
      ${position.wgsl(0, 0)}
      ${look.wgsl(0, 1)}
      ${dots.indices.wgsl(0, 2, { name: 'dots' })}

      struct Corner { @builtin(position) place: vec4f, @location(0) at: vec2f, @location(1) colour: vec3f }

      @vertex fn vertex(@builtin(vertex_index) i: u32, @builtin(instance_index) instance: u32) -> Corner {
        let corners = array(vec2f(-1, -1), vec2f(1, -1), vec2f(-1, 1), vec2f(-1, 1), vec2f(1, -1), vec2f(1, 1));
        let dot = dots[instance];
        let at = corners[i];
        let centre = vec2f(position[dot].x, position[dot].y);
        let colour = 0.55 + 0.45 * cos(6.283 * (look[dot].hue + vec3f(0, 0.33, 0.67)));
        return Corner(vec4f(centre + at * look[dot].size, 0, 1), at, colour);
      }

      @fragment fn fragment(corner: Corner) -> @location(0) vec4f {
        let glow = max(0, 1 - length(corner.at));
        return vec4f(corner.colour * glow, 1);
      }`,
  })
  const light = { srcFactor: 'one', dstFactor: 'one', operation: 'add' } as const
  const pipeline = device.createRenderPipeline({
    layout: 'auto',
    vertex: { module },
    fragment: { module, targets: [{ format, blend: { color: light, alpha: light } }] },
  })
  // Makes a new bind group only after a buffer grew and was replaced.
  const bindGroup = perGeneration([position, look, dots.indices], () =>
    device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [
        { binding: 0, resource: position.binding },
        { binding: 1, resource: look.binding },
        { binding: 2, resource: dots.indices.binding },
      ],
    }),
  )

  return () => {
    const pixels = devicePixelRatio
    canvas.width = Math.max(1, Math.round(canvas.clientWidth * pixels))
    canvas.height = Math.max(1, Math.round(canvas.clientHeight * pixels))
    const encoder = device.createCommandEncoder()
    const view = context.getCurrentTexture().createView()
    const pass = encoder.beginRenderPass({
      colorAttachments: [{ view, loadOp: 'clear', storeOp: 'store', clearValue: [0.04, 0.055, 0.1, 1] }],
    })
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, bindGroup())
    pass.drawIndirect(dots.drawArgs.gpuBuffer, dots.drawArgs.offset)
    pass.end()
    device.queue.submit([encoder.finish()])
  }
}
