import { RIPPLES } from '../rules/cues.ts'

/**
 * The shaders of WebGL2. There are no storage buffers there: the columns come in as vertex
 * attributes, a point is drawn for each entity that a list names, and the fragment shader paints in
 * the point's square.
 */
const view = /* glsl */ `#version 300 es
precision highp float;
layout(std140) uniform View {
  vec2 centre;
  vec2 scale;
  vec2 arena;
  float width;
  float light;
  float thinnest;
  float lead;
  float time;
  float alarm;
  vec4 ripples[${RIPPLES}];
} view;
`

const vertexCommon = /* glsl */ `${view}
/** Pixels across the canvas. */
uniform float pixels;

float pointSize(float worldUnits) { return worldUnits * 0.5 * view.scale.x * pixels; }
vec4 toClip(vec2 place) { return vec4((place - view.centre) * view.scale, 0, 1); }
vec3 rainbow(float hue) {
  return clamp(abs(fract(hue + vec3(0, 2.0 / 3.0, 1.0 / 3.0)) * 6.0 - 3.0) - 1.0, vec3(0), vec3(1));
}
`

/** A comet, in a square as wide as it is long. */
const cometEnd = /* glsl */ `
out vec3 colour;
out vec4 shape;
void comet(vec2 at, vec2 flight, float width, float reach) {
  float speed = length(flight);
  vec2 forward = speed > 0.0 ? flight / speed : vec2(1, 0);
  gl_Position = toClip(at - forward * 0.6 * reach);
  gl_PointSize = max(1.0, pointSize(2.0 * reach));
  shape = vec4(forward, reach / width, 0);
}
`

const cometFragment = /* glsl */ `${view}
in vec3 colour;
in vec4 shape;
out vec4 painted;
void main() {
  vec2 at = vec2(gl_PointCoord.x * 2.0 - 1.0, 1.0 - gl_PointCoord.y * 2.0);
  vec2 place = vec2(dot(at, shape.xy), dot(at, vec2(-shape.y, shape.x)) * shape.z);
  float along = max(0.0, place.x * 0.5 + 0.5);
  float across = place.y / mix(0.25, 1.0, along);
  float body = max(0.0, 1.0 - across * across);
  float fade = along * along * (1.0 - smoothstep(0.7, 1.0, along));
  painted = vec4(colour * body * body * fade * 1.9, 0);
}
`

export const drones = {
  vertex: /* glsl */ `${vertexCommon}
layout(location = 0) in float x;
layout(location = 1) in float y;
layout(location = 2) in float vx;
layout(location = 3) in float vy;
layout(location = 4) in vec3 look;
${cometEnd}
void main() {
  vec2 velocity = vec2(vx, vy);
  float pace = clamp(length(velocity) / 260.0, 0.0, 1.0);
  float wanted = look.x * view.width;
  float width = max(wanted, view.thinnest);
  comet(vec2(x, y) + velocity * view.lead, velocity, width, width * (1.6 + 7.0 * pace));
  vec3 vivid = mix(rainbow(look.y), vec3(1), 0.1 + 0.4 * pace * pace);
  colour = vivid * look.z * (0.22 + 1.1 * pace) * min(1.0, wanted / view.thinnest) * view.light;
}
`,
  fragment: cometFragment,
}

export const embers = {
  vertex: /* glsl */ `${vertexCommon}
layout(location = 0) in vec4 flight;
layout(location = 1) in vec2 ember;
${cometEnd}
void main() {
  float heat = clamp(ember.x, 0.0, 1.0);
  float width = max(1.0 + 2.2 * heat, view.thinnest);
  comet(flight.xy, flight.zw, width, width * (1.6 + length(flight.zw) / 60.0));
  colour = mix(rainbow(ember.y), vec3(1), 0.75 * heat * heat) * (0.15 + 1.5 * heat) * step(0.001, heat);
}
`,
  fragment: cometFragment,
}

export const bodies = {
  vertex: /* glsl */ `${vertexCommon}
layout(location = 0) in float x;
layout(location = 1) in float y;
layout(location = 2) in float vx;
layout(location = 3) in float vy;
layout(location = 4) in vec3 look;
layout(location = 5) in vec2 form;
out vec3 colour;
out vec4 shape;
out vec4 more;
void main() {
  vec2 velocity = vec2(vx, vy);
  gl_Position = toClip(vec2(x, y) + velocity * view.lead);
  float room = form.x == 1.0 ? 1.3 : 2.6;
  gl_PointSize = pointSize(2.0 * room * look.x);
  colour = rainbow(look.y);
  shape = vec4(cos(form.y), sin(form.y), form.x, look.z);
  more = vec4(fract(float(gl_VertexID) * 0.618034), clamp(length(velocity) / 360.0, 0.0, 1.0), view.thinnest / look.x, room);
}
`,
  fragment: (outlines: string): string => /* glsl */ `${view}
in vec3 colour;
in vec4 shape;
in vec4 more;
out vec4 painted;
${outlines}
void main() {
  vec2 at = vec2(gl_PointCoord.x * 2.0 - 1.0, 1.0 - gl_PointCoord.y * 2.0) * more.w;
  vec2 place = vec2(dot(at, shape.xy), dot(at, vec2(-shape.y, shape.x)));
  painted = outline(place, shape.z, colour, shape.w, more.x, more.y, more.z);
}
`,
}

export const backdrop = {
  vertex: /* glsl */ `${view}
out vec2 onScreen;
void main() {
  onScreen = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0;
  gl_Position = vec4(onScreen, 0, 1);
}
`,
  fragment: (sky: string): string => /* glsl */ `${view}
in vec2 onScreen;
out vec4 painted;
${sky}
void main() { painted = sky(onScreen); }
`,
}
