import { RIPPLES } from '../rules/cues.ts'

/**
 * The night: stars, a grid that explosions ripple, the arena's edge. Needs nothing but the view.
 */
export const backdropShader = /* wgsl */ `
struct Sky {
  @builtin(position) clip: vec4f,
  /** −1 … 1. */
  @location(0) screen: vec2f,
}

@vertex fn vertices(@builtin(vertex_index) vertex: u32) -> Sky {
  let corner = vec2f(f32(vertex & 1u), f32(vertex >> 1u)) * 4.0 - 1.0;
  return Sky(vec4f(corner, 0.0, 1.0), corner);
}

/** 1 in the middle, 0 from \`reach\` on. What software devices draw in time has no exponents. */
fn soft(far: f32, reach: f32) -> f32 {
  let near = max(0.0, 1.0 - abs(far) / reach);
  return near * near;
}

/** One star in some of the cells of a grid. */
fn stars(place: vec2f, size: f32) -> f32 {
  let cell = vec2i(floor(place / size));
  var lot = (u32(cell.x) * 0x9e3779b1u) ^ (u32(cell.y) * 0x85ebca6bu);
  lot = (lot ^ (lot >> 15u)) * 0x2c1b3c6du;
  if ((lot & 3u) != 0u) { return 0.0; }
  let at = vec2f(f32((lot >> 8u) & 255u), f32((lot >> 16u) & 255u)) / 365.0 + 0.15;
  return soft(length(fract(place / size) - at) * size, max(1.9, view.thinnest * 2.6)) * f32(lot >> 24u) / 255.0;
}

@fragment fn paint(it: Sky) -> @location(0) vec4f {
  let place = it.screen / view.scale + view.centre;
  var bent = place;
  var lit = 0.0;
  for (var i = 0; i < ${RIPPLES}; i++) {
    let ripple = view.ripples[i];
    if (ripple.w <= 0.0) { continue; }
    let off = place - ripple.xy;
    let far = length(off) + 0.001;
    let push = soft(far - ripple.z, 70.0) * ripple.w;
    bent -= off / far * push * 18.0;
    lit += push;
  }
  let edge = abs(place) - view.arena * 0.5;
  let outside = max(edge.x, edge.y);
  let inside = clamp(0.5 - outside * 0.25, 0.0, 1.0);

  let slope = (it.screen.x + it.screen.y) * 0.25 + 0.5;
  var colour = mix(vec3f(0.008, 0.018, 0.044), vec3f(0.026, 0.012, 0.046), slope);
  // The further a layer of stars, the less it moves with the camera.
  colour += vec3f(0.75, 0.85, 1.0) * stars(place - view.centre * 0.6, 76.0) * 0.75;
  colour += vec3f(0.6, 0.7, 1.0) * stars(place - view.centre * 0.85 + 31.0, 41.0) * 0.42;

  let line = abs(fract(bent * 0.01 + 0.5) - 0.5) * 100.0;
  let grid = soft(min(line.x, line.y), max(2.4, view.thinnest * 3.0));
  colour += vec3f(0.10, 0.22, 0.42) * grid * (0.3 + 0.9 * min(1.0, lit)) * inside;
  colour += vec3f(0.05, 0.11, 0.2) * min(1.0, lit) * 0.3;

  let rim = soft(outside, 6.0) * 0.55 + soft(outside, 46.0) * 0.13;
  colour = colour * mix(0.45, 1.0, inside) + mix(vec3f(0.16, 0.42, 0.8), vec3f(1.0, 0.15, 0.2), view.alarm) * rim * (1.0 + view.alarm);
  let corner = clamp(dot(it.screen, it.screen) * 0.7 - 0.4, 0.0, 1.0);
  return vec4f(colour * (1.0 - 0.3 * corner) + vec3f(0.3, 0.014, 0.034) * view.alarm * corner, 1.0);
}
`
