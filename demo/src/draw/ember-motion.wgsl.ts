import { EMBER_DRAG, EMBER_WIND } from '../rules/embers.ts'

/**
 * Moves the embers where they are: on the GPU, which owns their rows. The same as `Embers.move`,
 * and in addition they bounce off asteroids, whose places are at hand. Needs ember (read_write),
 * position, look, rocks and embers.
 */
export const emberMotion = /* wgsl */ `
struct Motion {
  seconds: f32,
  time: f32,
  rocks: u32,
}
@group(0) @binding(0) var<uniform> motion: Motion;

fn wind(p: vec2f) -> vec2f {
  let t = motion.time;
  return vec2f(
    cos(p.y * 0.0093 + t * 0.37) + 0.6 * cos(p.y * 0.021 - p.x * 0.008 + t * 0.71),
    sin(p.x * 0.0087 - t * 0.29) + 0.6 * sin(p.x * 0.019 + p.y * 0.011 - t * 0.53));
}

@compute @workgroup_size(64) fn step(@builtin(global_invocation_id) thread: vec3u) {
  if (!embersHas(thread.x)) { return; }
  let row = embers[thread.x];
  var it = ember[row];
  if (it.life <= 0.0) { return; }
  it.life -= motion.seconds;
  var at = vec2f(it.x, it.y);
  var flight = vec2f(it.vx, it.vy) * exp(-${EMBER_DRAG} * motion.seconds) + wind(at) * ${EMBER_WIND} * motion.seconds;
  at += flight * motion.seconds;
  for (var i = 0u; i < motion.rocks; i++) {
    let rock = rocks[i];
    let off = at - vec2f(position_x(rock), position_y(rock));
    let far = length(off) + 0.001;
    let radius = look[rock].size * 0.92;
    if (far > radius) { continue; }
    at += off / far * (radius - far);
    flight -= min(0.0, dot(flight, off / far)) * 1.6 * off / far;
  }
  it.x = at.x;
  it.y = at.y;
  it.vx = flight.x;
  it.vy = flight.y;
  ember[row] = it;
}
`
