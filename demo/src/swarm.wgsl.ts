/**
 * Sparks per instance. One spark per instance would be simpler, but three vertices leave most lanes of a GPU's vertex stage idle,
 * and a software device (SwiftShader) treats every instance as a draw of its own: 20 µs each there.
 */
export const SPARKS_PER_INSTANCE = 64
export const VERTICES_PER_SPARK = 3

/**
 * The shader of the sparks. `bindings` are the declarations that the synced buffers give of themselves: the columns of the
 * components, as arrays with a struct per entity.
 */
export const swarmShader = (bindings: string): string => /* wgsl */ `
struct View {
  /** World units to clip space. */
  scale: vec2f,
  /** Width of sparks, against their size. */
  width: f32,
  /** Half the width in world units below which a spark gets dimmer instead of thinner. */
  thinnest: f32,
  /** Brightness of all, 0 … 1. */
  light: f32,
}
@group(0) @binding(0) var<uniform> view: View;
${bindings}
struct Spark {
  @builtin(position) clip: vec4f,
  /** Along the flight −1 (tail) … 1 (head), across it −1 … 1. */
  @location(0) place: vec2f,
  @location(1) @interpolate(flat) colour: vec3f,
}

/** Hue in turns, at full saturation. */
fn rainbow(hue: f32) -> vec3f {
  return clamp(abs(fract(hue + vec3f(0.0, 2.0 / 3.0, 1.0 / 3.0)) * 6.0 - 3.0) - 1.0, vec3f(0.0), vec3f(1.0));
}

@vertex fn spark(@builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32) -> Spark {
  let entity = instance * ${SPARKS_PER_INSTANCE} + vertex / ${VERTICES_PER_SPARK};
  let it = look[entity];
  let flight = vec2f(velocity[entity].x, velocity[entity].y);
  let speed = length(flight);
  let pace = clamp(speed / 260.0, 0.0, 1.0);
  let forward = select(vec2f(1.0, 0.0), flight / speed, speed > 0.0);
  let across = vec2f(-forward.y, forward.x);

  // The last instance may reach beyond the buffer. Rows of nobody are zeros: without width, they cover nothing.
  let wanted = select(0.0, it.size * view.width, entity < arrayLength(&look));
  let width = select(0.0, max(wanted, view.thinnest), wanted > 0.0);
  let reach = width * (1.6 + 7.0 * pace);
  // A triangle just around the comet that is drawn in it.
  let corners = array(vec2f(-1.35, 0.0), vec2f(1.0, -1.15), vec2f(1.0, 1.15));
  let place = corners[vertex % ${VERTICES_PER_SPARK}];
  // The head is where the entity is; the tail trails behind.
  let at = vec2f(position[entity].x, position[entity].y)
    + forward * (place.x - 0.6) * reach + across * place.y * width;

  // Slow ones are dim and deep, fast ones bright and pale.
  let vivid = mix(rainbow(it.hue), vec3f(1.0), 0.1 + 0.4 * pace * pace);
  let light = it.glow * (0.22 + 1.1 * pace) * min(1.0, wanted / view.thinnest) * view.light;
  return Spark(vec4f(at * view.scale, 0.0, 1.0), place, vivid * light);
}

@fragment fn glow(spark: Spark) -> @location(0) vec4f {
  let along = max(0.0, spark.place.x * 0.5 + 0.5);
  let across = spark.place.y / mix(0.25, 1.0, along);
  let body = max(0.0, 1.0 - across * across);
  let fade = along * along * (1.0 - smoothstep(0.7, 1.0, along));
  return vec4f(spark.colour * body * body * fade * 1.9, 1.0);
}
`
