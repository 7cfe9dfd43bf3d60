import { RIPPLES } from '../rules/cues.ts'

/** The night of backdrop.wgsl.ts, for WebGL2. */
export const sky = /* glsl */ `
float chance(vec2 cell) { return fract(sin(dot(cell, vec2(127.1, 311.7))) * 43758.547); }

float stars(vec2 place, float size, float seed) {
  vec2 cell = floor(place / size) + seed;
  float lot = chance(cell);
  vec2 at = vec2(chance(cell + 7.3), chance(cell + 3.1)) * 0.7 + 0.15;
  float far = length(fract(place / size) - at) * size / max(1.0, view.thinnest * 1.7);
  return step(0.72, lot) * exp(-far * far * 0.9) * (0.3 + 0.7 * fract(lot * 91.0)) * (0.8 + 0.2 * sin(view.time * 2.0 + lot * 400.0));
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
    float front = (far - ripple.z) / 26.0;
    float push = exp(-front * front) * ripple.w;
    bent -= off / far * push * 16.0;
    lit += push;
  }
  vec2 edge = abs(place) - view.arena * 0.5;
  float outside = max(edge.x, edge.y);
  float inside = 1.0 - smoothstep(-2.0, 2.0, outside);

  vec3 colour = mix(vec3(0.010, 0.015, 0.040), vec3(0.022, 0.012, 0.045), 0.5 + 0.5 * sin(place.x * 0.0021 + place.y * 0.0013));
  colour += vec3(0.004, 0.012, 0.022) * (0.5 + 0.5 * sin(place.y * 0.0031 - place.x * 0.0017 + 2.0));
  colour += vec3(0.75, 0.85, 1.0) * stars(place - view.centre * 0.6, 88.0, 0.0) * 0.55;
  colour += vec3(0.6, 0.7, 1.0) * stars(place - view.centre * 0.85 + 31.0, 47.0, 17.0) * 0.28;

  float pitch = 100.0;
  vec2 line = abs(fract(bent / pitch + 0.5) - 0.5) * pitch;
  float grid = exp(-min(line.x, line.y) / max(0.9, view.thinnest * 1.2));
  colour += vec3(0.10, 0.22, 0.42) * grid * (0.13 + 0.9 * min(1.0, lit)) * inside;
  colour += vec3(0.05, 0.11, 0.2) * min(1.0, lit) * 0.22;

  float rim = exp(-abs(outside) / 2.2) * 0.55 + exp(-abs(outside) / 16.0) * 0.13;
  colour = colour * mix(0.45, 1.0, inside) + mix(vec3(0.16, 0.42, 0.8), vec3(1, 0.15, 0.2), view.alarm) * rim * (1.0 + view.alarm);
  float vignette = dot(onScreen, onScreen);
  colour += vec3(0.45, 0.02, 0.05) * view.alarm * smoothstep(0.5, 2.0, vignette) * 0.6;
  return vec4(colour * (1.0 - 0.28 * smoothstep(0.6, 2.0, vignette)), 1);
}
`
