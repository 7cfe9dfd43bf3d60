/** Remainders of every byte, and of it followed by one, two and three zero bytes. */
const tables: readonly Uint32Array[] = /* @__PURE__ */ makeTables()

function makeTables(): Uint32Array[] {
  const first = new Uint32Array(256)
  for (let byte = 0; byte < 256; byte++) {
    let rest = byte
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1
    first[byte] = rest
  }
  const all = [first]
  for (let i = 1; i < 4; i++) all.push(all[i - 1].map((rest) => (rest >>> 8) ^ first[rest & 255]))
  return all
}

/**
 * CRC-32 as in zip and PNG, of bytes `from … end − 1`.
 * @param before the CRC of the bytes before them; 0 for none
 */
export function crc32(
  bytes: Uint8Array,
  before: number = 0,
  from: number = 0,
  end: number = bytes.length,
): number {
  const [t0, t1, t2, t3] = tables
  let crc = ~before
  let i = from
  for (const last = end - 3; i < last; i += 4) {
    crc ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24)
    crc = t3[crc & 255] ^ t2[(crc >>> 8) & 255] ^ t1[(crc >>> 16) & 255] ^ t0[crc >>> 24]
  }
  for (; i < end; i++) crc = t0[(crc ^ bytes[i]) & 255] ^ (crc >>> 8)
  return ~crc >>> 0
}
