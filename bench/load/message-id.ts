/** Ids of wire.md A.7: 34 upper-case hex digits; the last 8 count the messages of a process. */
import { randomBytes } from 'node:crypto';

export const ID_CHARS = 34;
const SEQUENCE_CHARS = 8;
export const PREFIX_CHARS = ID_CHARS - SEQUENCE_CHARS;
const EPOCH_MS = Date.UTC(2021, 0, 1);

const HEX = Buffer.from('0123456789ABCDEF');

/** The first 26 characters: version, a made-up MAC address, process, start time. */
export function newIdPrefix(): string {
  const head = Buffer.alloc(13);
  head[0] = 1;
  randomBytes(6).copy(head, 1);
  head.writeUInt16BE(process.pid & 0xffff, 7);
  head.writeUInt32BE(Math.floor((Date.now() - EPOCH_MS) / 1000), 9);
  return head.toString('hex').toUpperCase();
}

/** Writes the eight digits of a sequence number at `at`. */
export function writeSequence(out: Buffer, at: number, sequence: number): void {
  let rest = sequence;
  for (let digit = SEQUENCE_CHARS - 1; digit >= 0; digit--) {
    out[at + digit] = HEX[rest & 15] ?? 0;
    rest >>>= 4;
  }
}

/** The sequence number in the id that starts at `start`. */
export function readSequence(bytes: Buffer, start: number): number {
  let sequence = 0;
  for (let at = start + PREFIX_CHARS; at < start + ID_CHARS; at++) {
    const char = bytes[at] ?? 0;
    sequence = sequence * 16 + (char <= 0x39 ? char - 0x30 : char - 0x37);
  }
  return sequence;
}
