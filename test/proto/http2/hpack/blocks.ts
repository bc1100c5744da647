/** Header blocks made by hand. RFC 7541 5.1, 5.2, 6 */
import { HpackDecoder } from '#proto/http2/hpack/decoder';

export const LIMITS = { tableBytesMax: 4096, listBytesMax: 16_384, fieldsMax: 128 } as const;

export function decoder(limits: Partial<typeof LIMITS | Record<keyof typeof LIMITS, number>> = {}) {
  return new HpackDecoder({ ...LIMITS, ...limits });
}

/** Names and values of a block, decoded from the middle of a larger buffer as in a frame. */
export function fieldsOf(target: HpackDecoder, block: Buffer): readonly string[] {
  const frame = Buffer.concat([Buffer.alloc(9, 0xff), block, Buffer.alloc(3, 0x82)]);
  return target.decode(frame, 9, 9 + block.length).fields;
}

export function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(/\s/g, ''), 'hex');
}

export function number(head: number, prefixBits: number, value: number): Buffer {
  const mask = 2 ** prefixBits - 1;
  if (value < mask) return Buffer.from([head | value]);
  const bytes = [head | mask];
  let rest = value - mask;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

export function text(value: string): Buffer {
  return Buffer.concat([number(0, 7, value.length), Buffer.from(value, 'latin1')]);
}

export const indexed = (index: number): Buffer => number(0x80, 7, index);

export const sizeUpdate = (bytes: number): Buffer => number(0x20, 5, bytes);

/** A name as text, or the index of one. */
export function inserted(name: string | number, value: string): Buffer {
  return pair(0x40, 6, name, value);
}

export function literal(name: string | number, value: string, isNeverIndexed = false): Buffer {
  return pair(isNeverIndexed ? 0x10 : 0, 4, name, value);
}

function pair(head: number, bits: number, name: string | number, value: string): Buffer {
  const start =
    typeof name === 'number' ? [number(head, bits, name)] : [number(head, bits, 0), text(name)];
  return Buffer.concat([...start, text(value)]);
}
