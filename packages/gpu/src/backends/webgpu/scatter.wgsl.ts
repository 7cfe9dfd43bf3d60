/**
 * The scatter shader: one invocation moves one unit of one row, a word or 16 bytes.
 *
 *     unit u of the dispatch: row u / rowUnits of the payload, unit u % rowUnits of that row
 *     goes to               : unit index[row] * rowUnits + u % rowUnits of the destination, from dstUnit on
 *
 * The dispatch is two-dimensional when one row of workgroups is not enough.
 * @param unit WGSL type of a unit: `u32` or `vec4u`
 */
export function scatterShader(unit: 'u32' | 'vec4u'): string {
  return /* wgsl */ `
struct Params {
  units: u32,      // units to move: rows * rowUnits
  rowUnits: u32,   // units per row
  payloadUnit: u32,// first unit of the rows in the payload
  indexWord: u32,  // first word of the row numbers in the payload
  dstUnit: u32,    // first unit of row 0 in the destination
  dstRows: u32,    // rows that the destination has room for
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> payload: array<${unit}>;
@group(0) @binding(2) var<storage, read> rowNumbers: array<u32>;
@group(0) @binding(3) var<storage, read_write> destination: array<${unit}>;

@compute @workgroup_size(${SCATTER_WORKGROUP})
fn scatter(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let u = id.x + id.y * groups.x * ${SCATTER_WORKGROUP}u;
  if (u >= params.units) { return; }
  let row = u / params.rowUnits;
  let number = rowNumbers[params.indexWord + row];
  if (number >= params.dstRows) { return; }
  destination[params.dstUnit + number * params.rowUnits + u % params.rowUnits] = payload[params.payloadUnit + u];
}
`
}

/** Invocations per workgroup: 64 fills a wave on every vendor, and every device allows it. */
export const SCATTER_WORKGROUP = 64
