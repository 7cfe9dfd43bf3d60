/** The outlines of outlines.wgsl.ts, for WebGL2. */
export const outlines = /* glsl */ `
float wave(float angle, float seed) {
  return 0.87 + 0.08 * sin(3.0 * angle + seed * 40.0) + 0.05 * sin(7.0 * angle + seed * 90.0);
}

vec4 asteroid(vec2 place, vec3 colour, float glow, float seed, float blur) {
  float corners = 11.0;
  float turn = atan(place.y, place.x) / 6.2831853 + 0.5;
  float facetAt = floor(turn * corners);
  float a = (facetAt / corners - 0.5) * 6.2831853;
  float b = ((facetAt + 1.0) / corners - 0.5) * 6.2831853;
  vec2 p = vec2(cos(a), sin(a)) * wave(a, seed);
  vec2 q = vec2(cos(b), sin(b)) * wave(b, seed);
  vec2 side = q - p;
  float outside = dot(place - p, normalize(vec2(side.y, -side.x)));
  float matter = 1.0 - smoothstep(-blur, blur, outside);
  float rim = exp(-abs(outside) / (0.035 + blur)) * (0.5 + 0.5 * glow);
  float halo = max(0.0, 0.3 - max(0.0, outside)) * 0.55 * glow;
  float facet = 0.5 + 0.5 * sin(facetAt * 2.4 + seed * 20.0);
  vec3 rock = vec3(0.020, 0.030, 0.058) + vec3(0.018, 0.022, 0.034) * facet + colour * 0.10 * max(0.0, glow - 1.0);
  return vec4(rock * matter + mix(colour, vec3(1), 0.35) * (rim * 0.62 + halo), matter);
}

float segment(vec2 place, vec2 a, vec2 b) {
  float along = clamp(dot(place - a, b - a) / dot(b - a, b - a), 0.0, 1.0);
  return length(place - a - (b - a) * along);
}

vec4 ship(vec2 place, vec3 colour, float glow, float pace, float blur) {
  vec2 p = vec2(place.x, abs(place.y));
  float hull = min(segment(p, vec2(1.15, 0), vec2(-0.8, 0.78)), segment(p, vec2(-0.8, 0.78), vec2(-0.42, 0)));
  float inside = step(0.0, 0.46 - 0.4 * p.x - p.y) * step(0.0, p.x + 0.42 + 0.4872 * p.y);
  float line = exp(-hull / (0.06 + blur)) + exp(-hull * 6.0) * 0.34;
  float flicker = 0.8 + 0.2 * sin(view.time * 60.0);
  float back = -0.5 - place.x;
  float flame = step(0.0, back) * exp(-back * (4.2 - 2.6 * pace)) * exp(-place.y * place.y * 26.0) * (0.25 + 1.5 * pace) * flicker;
  float shield = exp(-abs(length(place) - 1.5) * 12.0) * 0.28 + exp(-length(place) * 1.6) * 0.4;
  vec3 light = (mix(colour, vec3(1), 0.55) * line + colour * shield) * glow + vec3(1, 0.55, 0.2) * flame;
  return vec4(vec3(0.02, 0.07, 0.09) * inside + light, inside * 0.9);
}

vec4 bullet(vec2 place, vec3 colour, float glow) {
  float far = segment(place, vec2(-0.9, 0), vec2(0.55, 0));
  vec3 light = mix(colour, vec3(1), 0.55) * exp(-far * far * 60.0) * 1.6 + colour * exp(-far * 5.0) * 0.4;
  return vec4(light * glow, 0);
}

vec4 pickup(vec2 place, float kind, vec3 colour, float glow, float blur) {
  float far = length(place);
  float ring = exp(-abs(far - 1.0) / (0.05 + blur)) + exp(-abs(far - 1.0) * 6.0) * 0.3;
  vec2 p = abs(place);
  vec2 q = vec2(p.x, place.y);
  float sign;
  if (kind == 3.0) sign = min(segment(p, vec2(0), vec2(0.5, 0)), segment(p, vec2(0), vec2(0, 0.5)));
  else if (kind == 4.0) sign = min(segment(q, vec2(0, 0.5), vec2(0.45, 0.05)), segment(q, vec2(0, 0.05), vec2(0.45, -0.4)));
  else sign = min(segment(p, vec2(0), vec2(0.62, 0)), min(segment(p, vec2(0), vec2(0, 0.62)), segment(p, vec2(0), vec2(0.36, 0.36))));
  float mark = exp(-sign * sign * 110.0) * 1.3;
  float disc = 1.0 - smoothstep(1.0 - blur, 1.0 + blur, far);
  vec3 light = colour * (ring * 0.9 + exp(-far * 2.2) * 0.35) + mix(colour, vec3(1), 0.6) * mark;
  return vec4(colour * 0.05 * disc + light * glow, disc * 0.7);
}

vec4 hunter(vec2 place, vec3 colour, float glow, float blur) {
  vec2 p = vec2(place.x, abs(place.y));
  float hull = min(segment(p, vec2(1.1, 0.34), vec2(-0.7, 0.9)), min(segment(p, vec2(-0.7, 0.9), vec2(-0.3, 0)), segment(p, vec2(1.1, 0.34), vec2(0.35, 0))));
  float line = exp(-hull / (0.07 + blur)) + exp(-hull * 5.0) * 0.34;
  float eye = exp(-dot(place, place) * 18.0);
  vec3 light = mix(colour, vec3(1), 0.25) * line * glow + colour * eye * glow * 1.4 + colour * exp(-length(place) * 1.7) * 0.35 * glow;
  return vec4(light, 0);
}

vec4 outline(vec2 place, float shape, vec3 colour, float glow, float seed, float pace, float blur) {
  float edge = 1.0 - smoothstep(0.86, 1.0, max(abs(place.x), abs(place.y)) / (shape == 1.0 ? 1.3 : 2.6));
  vec4 painted;
  if (shape == 1.0) painted = asteroid(place, colour, glow, seed, blur);
  else if (shape == 0.0) painted = ship(place, colour, glow, pace, blur);
  else if (shape == 2.0) painted = bullet(place, colour, glow);
  else if (shape == 6.0) painted = hunter(place, colour, glow, blur);
  else painted = pickup(place, shape, colour, glow, blur);
  return painted * edge;
}
`
