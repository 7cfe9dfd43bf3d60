/**
 * What bodies look like: light that adds to what is behind (alpha 0), and matter that hides it
 * (alpha 1). `place` counts half the body's width as 1, x forwards; `blur` is about a pixel.
 */
export const outlines = /* wgsl */ `
fn wave(angle: f32, seed: f32) -> f32 {
  return 0.87 + 0.08 * sin(3.0 * angle + seed * 40.0) + 0.05 * sin(7.0 * angle + seed * 90.0);
}

fn asteroid(place: vec2f, colour: vec3f, glow: f32, seed: f32, blur: f32) -> vec4f {
  // A polygon: its corners lie on a wavy circle.
  let corners = 11.0;
  let turn = atan2(place.y, place.x) / 6.2831853 + 0.5;
  let facetAt = floor(turn * corners);
  let a = (facetAt / corners - 0.5) * 6.2831853;
  let b = ((facetAt + 1.0) / corners - 0.5) * 6.2831853;
  let p = vec2f(cos(a), sin(a)) * wave(a, seed);
  let q = vec2f(cos(b), sin(b)) * wave(b, seed);
  let side = q - p;
  let outside = dot(place - p, normalize(vec2f(side.y, -side.x)));
  let matter = 1.0 - smoothstep(-blur, blur, outside);
  let rim = exp(-abs(outside) / (0.035 + blur)) * (0.5 + 0.5 * glow);
  let halo = max(0.0, 0.3 - max(0.0, outside)) * 0.55 * glow;
  let facet = 0.5 + 0.5 * sin(facetAt * 2.4 + seed * 20.0);
  let rock = vec3f(0.020, 0.030, 0.058) + vec3f(0.018, 0.022, 0.034) * facet + colour * 0.10 * max(0.0, glow - 1.0);
  let light = mix(colour, vec3f(1.0), 0.35) * (rim * 0.62 + halo);
  return vec4f(rock * matter + light, matter);
}

fn segment(place: vec2f, a: vec2f, b: vec2f) -> f32 {
  let along = clamp(dot(place - a, b - a) / dot(b - a, b - a), 0.0, 1.0);
  return length(place - a - (b - a) * along);
}

fn ship(place: vec2f, colour: vec3f, glow: f32, pace: f32, blur: f32) -> vec4f {
  let p = vec2f(place.x, abs(place.y));
  // A dart: nose, wing tip, notch.
  let hull = min(segment(p, vec2f(1.15, 0.0), vec2f(-0.8, 0.78)), segment(p, vec2f(-0.8, 0.78), vec2f(-0.42, 0.0)));
  let inside = step(0.0, 0.46 - 0.4 * p.x - p.y) * step(0.0, p.x + 0.42 + 0.4872 * p.y);
  let line = exp(-hull / (0.06 + blur)) + exp(-hull * 6.0) * 0.34;
  let flicker = 0.8 + 0.2 * sin(view.time * 60.0);
  let back = -0.5 - place.x;
  let flame = step(0.0, back) * exp(-back * (4.2 - 2.6 * pace)) * exp(-place.y * place.y * 26.0) * (0.25 + 1.5 * pace) * flicker;
  let shield = exp(-abs(length(place) - 1.5) * 12.0) * 0.28 + exp(-length(place) * 1.6) * 0.4;
  let light = (mix(colour, vec3f(1.0), 0.55) * line + colour * shield) * glow + vec3f(1.0, 0.55, 0.2) * flame;
  return vec4f(vec3f(0.02, 0.07, 0.09) * inside + light, inside * 0.9);
}

fn bullet(place: vec2f, colour: vec3f, glow: f32) -> vec4f {
  let far = segment(place, vec2f(-0.9, 0.0), vec2f(0.55, 0.0));
  let light = mix(colour, vec3f(1.0), 0.55) * exp(-far * far * 60.0) * 1.6 + colour * exp(-far * 5.0) * 0.4;
  return vec4f(light * glow, 0.0);
}

fn pickup(place: vec2f, kind: f32, colour: vec3f, glow: f32, blur: f32) -> vec4f {
  let far = length(place);
  let ring = exp(-abs(far - 1.0) / (0.05 + blur)) + exp(-abs(far - 1.0) * 6.0) * 0.3;
  var sign = 0.0;
  if (kind == 3.0) {
    sign = min(segment(place, vec2f(-0.5, 0.0), vec2f(0.5, 0.0)), segment(place, vec2f(0.0, -0.5), vec2f(0.0, 0.5)));
  } else if (kind == 4.0) {
    let p = vec2f(abs(place.x), place.y);
    sign = min(segment(p, vec2f(0.0, 0.5), vec2f(0.45, 0.05)), segment(p, vec2f(0.0, 0.05), vec2f(0.45, -0.4)));
  } else {
    let p = abs(place);
    sign = min(segment(p, vec2f(0.0), vec2f(0.62, 0.0)), min(segment(p, vec2f(0.0), vec2f(0.0, 0.62)), segment(p, vec2f(0.0), vec2f(0.36, 0.36))));
  }
  let mark = exp(-sign * sign * 110.0) * 1.3;
  let disc = 1.0 - smoothstep(1.0 - blur, 1.0 + blur, far);
  let light = colour * (ring * 0.9 + exp(-far * 2.2) * 0.35) + mix(colour, vec3f(1.0), 0.6) * mark;
  return vec4f(colour * 0.05 * disc + light * glow, disc * 0.7);
}

fn hunter(place: vec2f, colour: vec3f, glow: f32, blur: f32) -> vec4f {
  // An arrow head with two horns, and an eye.
  let p = vec2f(place.x, abs(place.y));
  let hull = min(segment(p, vec2f(1.1, 0.34), vec2f(-0.7, 0.9)), min(segment(p, vec2f(-0.7, 0.9), vec2f(-0.3, 0.0)), segment(p, vec2f(1.1, 0.34), vec2f(0.35, 0.0))));
  let line = exp(-hull / (0.07 + blur)) + exp(-hull * 5.0) * 0.34;
  let eye = exp(-dot(place, place) * 18.0);
  let light = mix(colour, vec3f(1.0), 0.25) * line * glow + colour * eye * glow * 1.4 + colour * exp(-length(place) * 1.7) * 0.35 * glow;
  return vec4f(light, 0.0);
}

fn outline(place: vec2f, shape: f32, colour: vec3f, glow: f32, seed: f32, pace: f32, blur: f32) -> vec4f {
  // Nothing reaches the square's edge.
  let edge = 1.0 - smoothstep(0.86, 1.0, max(abs(place.x), abs(place.y)) / select(2.6, 1.3, shape == 1.0));
  var painted = vec4f(0.0);
  if (shape == 1.0) { painted = asteroid(place, colour, glow, seed, blur); }
  else if (shape == 0.0) { painted = ship(place, colour, glow, pace, blur); }
  else if (shape == 2.0) { painted = bullet(place, colour, glow); }
  else if (shape == 6.0) { painted = hunter(place, colour, glow, blur); }
  else { painted = pickup(place, shape, colour, glow, blur); }
  return painted * edge;
}
`
