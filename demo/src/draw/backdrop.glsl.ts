import { RIPPLES } from '../rules/cues.ts'

/** The night of backdrop.wgsl.ts, for WebGL2. */
export const sky = /* glsl */ `
float soft(float far, float reach) {
  float near = max(0.0, 1.0 - abs(far) / reach);
  return near * near;
}

float stars(vec2 place, float size) {
  ivec2 cell = ivec2(floor(place / size));
  uint lot = uint(cell.x) * 0x9e3779b1u ^ uint(cell.y) * 0x85ebca6bu;
  lot = (lot ^ (lot >> 15u)) * 0x2c1b3c6du;
  if ((lot & 3u) != 0u) return 0.0;
  vec2 at = vec2((lot >> 8u) & 255u, (lot >> 16u) & 255u) / 365.0 + 0.15;
  return soft(length(fract(place / size) - at) * size, max(1.9, view.thinnest * 2.6)) * float(lot >> 24u) / 255.0;
}

vec4 sky(vec2 onScreen) {
  vec2 place = onScreen / view.scale + view.centre;
  vec2 bent = place;
  float lit = 0.0;
  for (int i = 0; i < ${RIPPLES}; i++) {
    vec4 ripple = view.ripples[i];
    if (ripple.w <= 0.0) continue;
    vec2 off = place - ripple.xy;
    float far = length(off) + 0.001;
    float push = soft(far - ripple.z, 70.0) * ripple.w;
    bent -= off / far * push * 18.0;
    lit += push;
  }
  vec2 edge = abs(place) - view.arena * 0.5;
  float outside = max(edge.x, edge.y);
  float inside = clamp(0.5 - outside * 0.25, 0.0, 1.0);

  float slope = (onScreen.x + onScreen.y) * 0.25 + 0.5;
  vec3 colour = mix(vec3(0.008, 0.018, 0.044), vec3(0.026, 0.012, 0.046), slope);
  colour += vec3(0.75, 0.85, 1.0) * stars(place - view.centre * 0.6, 76.0) * 0.75;
  colour += vec3(0.6, 0.7, 1.0) * stars(place - view.centre * 0.85 + 31.0, 41.0) * 0.42;

  vec2 line = abs(fract(bent * 0.01 + 0.5) - 0.5) * 100.0;
  float grid = soft(min(line.x, line.y), max(2.4, view.thinnest * 3.0));
  colour += vec3(0.10, 0.22, 0.42) * grid * (0.3 + 0.9 * min(1.0, lit)) * inside;
  colour += vec3(0.05, 0.11, 0.2) * min(1.0, lit) * 0.3;

  float rim = soft(outside, 6.0) * 0.55 + soft(outside, 46.0) * 0.13;
  colour = colour * mix(0.45, 1.0, inside) + mix(vec3(0.16, 0.42, 0.8), vec3(1, 0.15, 0.2), view.alarm) * rim * (1.0 + view.alarm);
  float corner = clamp(dot(onScreen, onScreen) * 0.7 - 0.4, 0.0, 1.0);
  return vec4(colour * (1.0 - 0.3 * corner) + vec3(0.3, 0.014, 0.034) * view.alarm * corner, 1);
}
`
