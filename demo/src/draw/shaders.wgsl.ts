import { COMET, COMETS, SQUARE, SQUARES } from './scene.ts'
import { viewLayout } from './view.ts'

/**
 * What every shader begins with. The declarations of synced buffers follow, as they give them of
 * themselves.
 */
export const common = /* wgsl */ `
${viewLayout.wgsl('View')}
@group(0) @binding(0) var<uniform> view: View;

fn toClip(place: vec2f) -> vec4f {
  return vec4f((place - view.centre) * view.scale, 0.0, 1.0);
}

/** Hue in turns, at full saturation. */
fn rainbow(hue: f32) -> vec3f {
  return clamp(abs(fract(hue + vec3f(0.0, 2.0 / 3.0, 1.0 / 3.0)) * 6.0 - 3.0) - 1.0, vec3f(0.0), vec3f(1.0));
}
`

const comet = /* wgsl */ `
struct Comet {
  @builtin(position) clip: vec4f,
  /** Along the flight −1 (tail) … 1 (head), across it −1 … 1. */
  @location(0) place: vec2f,
  @location(1) @interpolate(flat, either) colour: vec3f,
}

/**
 * A triangle just around the comet that is drawn in it. The head is where the entity is; the tail
 * trails behind.
 */
fn comet(vertex: u32, at: vec2f, flight: vec2f, width: f32, reach: f32, colour: vec3f) -> Comet {
  let speed = length(flight);
  let forward = select(vec2f(1.0, 0.0), flight / speed, speed > 0.0);
  let across = vec2f(-forward.y, forward.x);
  let corners = array(vec2f(-1.35, 0.0), vec2f(1.0, -1.15), vec2f(1.0, 1.15));
  let place = corners[vertex % ${COMET}];
  return Comet(toClip(at + forward * (place.x - 0.6) * reach + across * place.y * width), place, colour);
}

@fragment fn glow(it: Comet) -> @location(0) vec4f {
  let along = max(0.0, it.place.x * 0.5 + 0.5);
  let across = it.place.y / mix(0.25, 1.0, along);
  let body = max(0.0, 1.0 - across * across);
  let fade = along * along * (1.0 - smoothstep(0.7, 1.0, along));
  return vec4f(it.colour * body * body * fade * 1.9, 0.0);
}
`

/** Needs position, velocity, look and drones. */
export const droneShader = /* wgsl */ `
${comet}
@vertex fn vertices(@builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32) -> Comet {
  let slot = instance * ${COMETS} + vertex / ${COMET};
  if (!dronesHas(slot)) { return Comet(vec4f(0.0), vec2f(0.0), vec3f(0.0)); }
  let entity = drones[slot];
  let it = look[entity];
  let flight = vec2f(velocity_x(entity), velocity_y(entity));
  let at = vec2f(position_x(entity), position_y(entity)) + flight * view.lead;
  let pace = clamp(length(flight) / 260.0, 0.0, 1.0);
  let wanted = it.size * view.width;
  let width = max(wanted, view.thinnest);
  // Slow ones are dim and deep, fast ones bright and pale.
  let vivid = mix(rainbow(it.hue), vec3f(1.0), 0.1 + 0.4 * pace * pace);
  let light = it.glow * (0.22 + 1.1 * pace) * min(1.0, wanted / view.thinnest) * view.light;
  return comet(vertex, at, flight, width, width * (1.6 + 7.0 * pace), vivid * light);
}
`

/** Needs ember and embers. */
export const emberShader = /* wgsl */ `
${comet}
@vertex fn vertices(@builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32) -> Comet {
  let slot = instance * ${COMETS} + vertex / ${COMET};
  if (!embersHas(slot)) { return Comet(vec4f(0.0), vec2f(0.0), vec3f(0.0)); }
  let entity = embers[slot];
  let it = ember[entity];
  let heat = clamp(it.life, 0.0, 1.0);
  let flight = vec2f(it.vx, it.vy);
  let width = max((1.0 + 2.2 * heat) * step(0.001, heat), view.thinnest * step(0.001, heat));
  let colour = mix(rainbow(it.hue), vec3f(1.0), 0.75 * heat * heat) * (0.15 + 1.5 * heat);
  return comet(vertex, vec2f(it.x, it.y), flight, width, width * (1.6 + length(flight) / 60.0), colour);
}
`

/** Needs position, velocity, look and bodies. The outlines are those of outlines.wgsl.ts. */
export const bodyShader = (outlines: string): string => /* wgsl */ `
struct BodyPoint {
  @builtin(position) clip: vec4f,
  /** Half the entity's width is 1. */
  @location(0) place: vec2f,
  /** Shape, hue, glow, seed. */
  @location(1) @interpolate(flat, either) form: vec4f,
  /** How fast, 0 … 1, and world units per pixel against its size. */
  @location(2) @interpolate(flat, either) more: vec2f,
}
${outlines}
@vertex fn vertices(@builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32) -> BodyPoint {
  let slot = instance * ${SQUARES} + vertex / ${SQUARE};
  if (!bodiesHas(slot)) { return BodyPoint(vec4f(0.0), vec2f(0.0), vec4f(0.0), vec2f(0.0)); }
  let entity = bodies[slot];
  let it = look[entity];
  let flight = vec2f(velocity_x(entity), velocity_y(entity));
  let at = vec2f(position_x(entity), position_y(entity)) + flight * view.lead;
  let corners = array(vec2f(-1.0, -1.0), vec2f(1.0, -1.0), vec2f(-1.0, 1.0), vec2f(-1.0, 1.0), vec2f(1.0, -1.0), vec2f(1.0, 1.0));
  // Room for the halo.
  let place = corners[vertex % ${SQUARE}] * select(2.6, 1.3, it.shape == 1.0);
  let turned = vec2f(place.x * cos(it.turn) - place.y * sin(it.turn), place.x * sin(it.turn) + place.y * cos(it.turn));
  let form = vec4f(it.shape, it.hue, it.glow, fract(f32(entity) * 0.618034));
  let more = vec2f(clamp(length(flight) / 360.0, 0.0, 1.0), view.thinnest / it.size);
  return BodyPoint(toClip(at + turned * it.size), place, form, more);
}

@fragment fn paint(it: BodyPoint) -> @location(0) vec4f {
  return outline(it.place, it.form.x, rainbow(it.form.y), it.form.z, it.form.w, it.more.x, it.more.y);
}
`
