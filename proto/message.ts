/**
 * A message as it is stored: the RocketMQ layout of wire.md B.4, version 1, with IPv4 hosts.
 *
 *   0 total size · 4 magic · 8 body crc · 12 queue id · 16 flag · 20 queue offset i64
 *   28 log position i64 · 36 sys flag · 40 born time i64 · 48 born host (ip, port)
 *   56 store time i64 · 64 store host (ip, port) · 72 reconsume times · 76 prepared offset i64
 *   84 body length · 88 body · topic length u8 · topic · properties length i16 · properties
 */
import { crc32 } from 'node:zlib';

import { SluiceError } from '#lib/errors';

const MAGIC = 0xdaa320a7;
const BODY_AT = 88;
const CRC_MASK = 0x7fffffff;
const TWO_32 = 2 ** 32;

/** Bit of the system flag: the body is compressed. */
const COMPRESSED = 1;

function writeLong(target: Buffer, value: number, at: number): void {
  const high = Math.floor(value / TWO_32);
  target.writeInt32BE(high, at);
  target.writeUInt32BE(value - high * TWO_32, at + 4); // not a remainder: that is negative below 0
}

function readLong(source: Buffer, at: number): number {
  return source.readInt32BE(at) * TWO_32 + source.readUInt32BE(at + 4);
}

export interface IPv4Address {
  /** The four bytes as one number, as in 0x7f000001. */
  ip: number;
  port: number;
}

/** What a door knows of a message before the log gives it a place. */
export interface MessageDraft {
  topic: string;
  queueId: number;
  /** The offset that the queue gives it. */
  queueOffset: number;
  body: Buffer;
  compressed: boolean;
  bornTimeMs: number;
  bornHost: IPv4Address;
  storeHost: IPv4Address;
  /** As `addProperty` made it. */
  properties: string;
}

/** Writes a draft into the log: the one time that a message is encoded. */
export class MessagePayload {
  readonly #draft: MessageDraft;
  readonly #propertiesBytes: number;
  readonly #topicBytes: number;
  readonly bytes: number;

  constructor(draft: MessageDraft) {
    this.#draft = draft;
    this.#topicBytes = Buffer.byteLength(draft.topic);
    this.#propertiesBytes = Buffer.byteLength(draft.properties);
    this.bytes = BODY_AT + draft.body.length + 1 + this.#topicBytes + 2 + this.#propertiesBytes;
  }

  write(target: Buffer, at: number, position: number, timestampMs: number): void {
    const { body, queueId, queueOffset, compressed, bornHost, storeHost } = this.#draft;
    target.writeUInt32BE(this.bytes, at);
    target.writeUInt32BE(MAGIC, at + 4);
    target.writeUInt32BE(crc32(body) & CRC_MASK, at + 8);
    target.writeInt32BE(queueId, at + 12);
    target.writeInt32BE(0, at + 16);
    writeLong(target, queueOffset, at + 20);
    writeLong(target, position, at + 28);
    target.writeInt32BE(compressed ? COMPRESSED : 0, at + 36);
    writeLong(target, this.#draft.bornTimeMs, at + 40);
    target.writeUInt32BE(bornHost.ip, at + 48);
    target.writeUInt32BE(bornHost.port, at + 52);
    writeLong(target, timestampMs, at + 56);
    target.writeUInt32BE(storeHost.ip, at + 64);
    target.writeUInt32BE(storeHost.port, at + 68);
    target.fill(0, at + 72, at + 84);
    target.writeInt32BE(body.length, at + 84);
    body.copy(target, at + BODY_AT);
    const topicAt = at + BODY_AT + body.length;
    target[topicAt] = this.#topicBytes;
    target.write(this.#draft.topic, topicAt + 1, 'utf8');
    const propertiesAt = topicAt + 1 + this.#topicBytes;
    target.writeInt16BE(this.#propertiesBytes, propertiesAt);
    target.write(this.#draft.properties, propertiesAt + 2, 'utf8');
  }
}

/** A stored message, read in place. */
export class StoredMessage {
  readonly #bytes: Buffer;
  readonly #topicAt: number;

  /** @throws SluiceError INTERNAL_ERROR when the bytes are no message */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    const sound =
      bytes.length > BODY_AT &&
      bytes.readUInt32BE(0) === bytes.length &&
      bytes.readUInt32BE(4) === MAGIC;
    this.#topicAt = sound ? BODY_AT + bytes.readUInt32BE(84) : Infinity;
    if (this.#propertiesAt + 2 > bytes.length) {
      throw new SluiceError('INTERNAL_ERROR', 'a stored message is not in the message layout');
    }
  }

  get #propertiesAt(): number {
    return this.#topicAt + 1 + (this.#bytes[this.#topicAt] ?? 0);
  }

  get queueId(): number {
    return this.#bytes.readInt32BE(12);
  }

  get queueOffset(): number {
    return readLong(this.#bytes, 20);
  }

  get position(): number {
    return readLong(this.#bytes, 28);
  }

  get compressed(): boolean {
    return (this.#bytes.readInt32BE(36) & COMPRESSED) !== 0;
  }

  get bornTimeMs(): number {
    return readLong(this.#bytes, 40);
  }

  get storeTimeMs(): number {
    return readLong(this.#bytes, 56);
  }

  get bornHost(): string {
    return hostText(this.#bytes, 48);
  }

  get storeHost(): string {
    return hostText(this.#bytes, 64);
  }

  /** The body in place: it shares memory with the record it was read from. */
  get body(): Buffer {
    return this.#bytes.subarray(BODY_AT, this.#topicAt);
  }

  get topic(): string {
    return this.#bytes.toString('utf8', this.#topicAt + 1, this.#propertiesAt);
  }

  get properties(): string {
    const at = this.#propertiesAt;
    const length = this.#bytes.readUInt16BE(at);
    return this.#bytes.toString('utf8', at + 2, at + 2 + length);
  }
}

function hostText(bytes: Buffer, at: number): string {
  const ip = `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
  return `${ip}:${bytes.readUInt32BE(at + 4)}`;
}

/**
 * `a.b.c.d` as a number; 0 for anything that is not IPv4 (an IPv6 peer has no place in the layout).
 */
export function parseIPv4(text: string): number {
  const plain = text.startsWith('::ffff:') ? text.slice('::ffff:'.length) : text;
  const parts = plain.split('.');
  if (parts.length !== 4) return 0;
  let ip = 0;
  for (const part of parts) ip = ip * 256 + (Number(part) & 255);
  return ip >>> 0;
}
