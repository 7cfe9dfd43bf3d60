// The gather kernel in AssemblyScript; `js-kernels.ts` is its twin. Compiled by scripts/build-kernels.mjs into
// generated/gather.ts. It owns no memory: everything is passed in.
// @ts-nocheck

export function gather(
  words: u32,
  summary: u32,
  first: u32,
  count: u32,
  source: u32,
  stride: u32,
  payload: u32,
  indices: u32,
): i32 {
  const end = first + count
  let index = indices
  let to = payload
  for (let w = first >>> 5; w << 5 < end; w++) {
    const over = load<u32>(summary + (w >>> 5 << 2)) >>> (w & 31)
    if (!over) {
      // No word from here to the end of the summary word: on to the next one.
      w |= 31
      continue
    }
    const skip = ctz(over)
    w += skip
    const row0 = w << 5
    if (row0 >= end) break
    let bits = load<i32>(words + (w << 2))
    if (row0 < first) bits &= -1 << (first & 31)
    if (end - row0 < 32) bits &= ~(-1 << (end - row0))
    if (bits == -1) {
      copy(to, source + row0 * stride, stride << 5)
      to += stride << 5
      for (let row: u32 = 0; row < 32; row++) store<u32>(index + (row << 2), row0 + row)
      index += 128
    } else {
      for (; bits; bits &= bits - 1) {
        const row = row0 + ctz(bits)
        store<u32>(index, row)
        index += 4
        copy(to, source + row * stride, stride)
        to += stride
      }
    }
  }
  return ((index - indices) >>> 2) as i32
}

@inline
function copy(to: u32, from: u32, bytes: u32): void {
  let k: u32 = 0
  for (; k + 16 <= bytes; k += 16) v128.store(to + k, v128.load(from + k))
  for (; k < bytes; k += 4) store<i32>(to + k, load<i32>(from + k))
}
