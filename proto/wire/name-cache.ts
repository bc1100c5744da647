/**
 * Topics, groups, hosts and keys of properties are the same in thousands of messages. Making a
 * string out of bytes costs 100 ns, finding the one made before a third of that.
 */

/** Longer strings are rarely names; each slot keeps at most this much. */
const NAME_BYTES_MAX = 32;
/** A power of two. One name per slot: a newer one takes its place, so the memory is bounded. */
const SLOTS = 1024;

const slots: string[] = Array.from({ length: SLOTS }, () => '');

/** The ASCII text at `start..end`, or nothing when it is too long, or not ASCII. */
export function nameAt(buffer: Buffer, start: number, end: number): string | undefined {
  const length = end - start;
  if (length > NAME_BYTES_MAX) return undefined;
  let hash = length;
  for (let position = start; position < end; position += 1) {
    hash = (Math.imul(hash, 31) + (buffer[position] as number)) | 0;
  }
  const slot = (hash ^ (hash >>> 12)) & (SLOTS - 1);
  const known = slots[slot] as string;
  return isAt(known, buffer, start, length) ? known : remember(slot, buffer, start, end);
}

function isAt(known: string, buffer: Buffer, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let index = 0; index < length; index += 1) {
    if (known.charCodeAt(index) !== buffer[start + index]) return false;
  }
  return true;
}

function remember(slot: number, buffer: Buffer, start: number, end: number): string | undefined {
  for (let position = start; position < end; position += 1) {
    if ((buffer[position] as number) > 0x7f) return undefined;
  }
  const name = buffer.toString('latin1', start, end);
  slots[slot] = name;
  return name;
}
