import { RIPPLES } from '../rules/cues.ts'

/** The night: stars, a grid that explosions ripple, the arena's edge. Needs nothing but the view. */
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

fn chance(cell: vec2f) -> f32 {
  return fract(sin(dot(cell, vec2f(127.1, 311.7))) * 43758.547);
}

/** One star in some of the cells of a grid. */
fn stars(place: vec2f, size: f32, seed: f32) -> f32 {
  let cell = floor(place / size) + seed;
  let lot = chance(cell);
  let at = vec2f(chance(cell + 7.3), chance(cell + 3.1)) * 0.7 + 0.15;
  let far = length(fract(place / size) - at) * size / max(1.0, view.thinnest * 1.7);
  return step(0.72, lot) * exp(-far * far * 0.9) * (0.3 + 0.7 * fract(lot * 91.0)) * (0.8 + 0.2 * sin(view.time * 2.0 + lot * 400.0));
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
    let front = (far - ripple.z) / 26.0;
    let push = exp(-front * front) * ripple.w;
    bent -= off / far * push * 16.0;
    lit += push;
  }
  let edge = max(abs(place) - view.arena * 0.5, vec2f(-1000.0));
  let outside = max(edge.x, edge.y);
  let inside = 1.0 - smoothstep(-2.0, 2.0, outside);

  var colour = mix(vec3f(0.010, 0.015, 0.040), vec3f(0.022, 0.012, 0.045), 0.5 + 0.5 * sin(place.x * 0.0021 + place.y * 0.0013));
  colour += vec3f(0.004, 0.012, 0.022) * (0.5 + 0.5 * sin(place.y * 0.0031 - place.x * 0.0017 + 2.0));
  // The further a layer of stars, the less it moves with the camera.
  colour += vec3f(0.75, 0.85, 1.0) * stars(place - view.centre * 0.6, 88.0, 0.0) * 0.55;
  colour += vec3f(0.6, 0.7, 1.0) * stars(place - view.centre * 0.85 + 31.0, 47.0, 17.0) * 0.28;

  let pitch = 100.0;
  let line = abs(fract(bent / pitch + 0.5) - 0.5) * pitch;
  let grid = exp(-min(line.x, line.y) / max(0.9, view.thinnest * 1.2));
  colour += vec3f(0.10, 0.22, 0.42) * grid * (0.13 + 0.9 * min(1.0, lit)) * inside;
  colour += vec3f(0.05, 0.11, 0.2) * min(1.0, lit) * 0.22;

  let rim = exp(-abs(outside) / 2.2) * 0.55 + exp(-abs(outside) / 16.0) * 0.13;
  colour = colour * mix(0.45, 1.0, inside) + mix(vec3f(0.16, 0.42, 0.8), vec3f(1.0, 0.15, 0.2), view.alarm) * rim * (1.0 + view.alarm);
  let vignette = dot(it.screen, it.screen);
  colour += vec3f(0.45, 0.02, 0.05) * view.alarm * smoothstep(0.5, 2.0, vignette) * 0.6;
  return vec4f(colour * (1.0 - 0.28 * smoothstep(0.6, 2.0, vignette)), 1.0);
}
`
