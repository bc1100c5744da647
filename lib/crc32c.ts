/** CRC-32C (Castagnoli), which Node's zlib lacks, eight bytes at a time by tables. */

const POLYNOMIAL = 0x82f63b78;
const TABLES = Array.from({ length: 8 }, () => new Int32Array(256));

for (let i = 0; i < 256; i++) {
  let crc = i;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  (TABLES[0] as Int32Array)[i] = crc;
}
for (let n = 1; n < 8; n++) {
  const [first, before, table] = [TABLES[0], TABLES[n - 1], TABLES[n]] as Int32Array[];
  if (!first || !before || !table) continue;
  for (let i = 0; i < 256; i++) {
    const crc = before[i] as number;
    table[i] = (crc >>> 8) ^ (first[crc & 0xff] as number);
  }
}

const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];

/** The checksum of `bytes` from `start` to before `end`, as an unsigned number. */
export function crc32c(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  let crc = -1;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    crc ^=
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    crc =
      (T7[crc & 0xff] as number) ^
      (T6[(crc >>> 8) & 0xff] as number) ^
      (T5[(crc >>> 16) & 0xff] as number) ^
      (T4[crc >>> 24] as number) ^
      (T3[bytes[at + 4] as number] as number) ^
      (T2[bytes[at + 5] as number] as number) ^
      (T1[bytes[at + 6] as number] as number) ^
      (T0[bytes[at + 7] as number] as number);
  }
  for (; at < end; at++) {
    crc = (crc >>> 8) ^ (T0[(crc ^ (bytes[at] as number)) & 0xff] as number);
  }
  return ~crc >>> 0;
}
