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
import { writeI64BE, writeU32BE } from '#lib/integers';
import { Kept } from '#lib/kept';
import { propertiesBytes, writeProperties } from '#proto/properties';
import { Text } from '#proto/text';

const MAGIC = 0xdaa320a7;
const BODY_AT = 88;
const CRC_MASK = 0x7fffffff;
const TWO_32 = 2 ** 32;
const PORTS = 2 ** 16;

/** Bit of the system flag: the body is compressed. */
const COMPRESSED = 1;

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
  readonly body: Buffer;
  readonly compressed: boolean;
  readonly bornTimeMs: number;
  readonly bornHost: IPv4Address;
  /** Names and values in turn. */
  readonly properties: readonly Text[];
  /** Of a committed message: its transaction, by the position of the first half record. */
  readonly preparedOffset?: number;
}

/** Where a message goes. */
export interface MessageTarget {
  readonly topic: Text;
  readonly queueId: number;
  /** The offset that the queue gives it. */
  readonly queueOffset: number;
  readonly storeHost: IPv4Address;
}

/** Writes a draft into the log: the one time that a message is encoded. */
export class MessagePayload {
  readonly #draft: MessageDraft;
  readonly #target: MessageTarget;
  readonly #propertiesBytes: number;
  readonly bytes: number;

  constructor(draft: MessageDraft, target: MessageTarget) {
    this.#draft = draft;
    this.#target = target;
    this.#propertiesBytes = propertiesBytes(draft.properties);
    const topicBytes = target.topic.length;
    this.bytes = BODY_AT + draft.body.length + 1 + topicBytes + 2 + this.#propertiesBytes;
  }

  write(target: Buffer, at: number, position: number, timestampMs: number): void {
    const { body, compressed, bornTimeMs, bornHost, properties } = this.#draft;
    const { topic, queueId, queueOffset, storeHost } = this.#target;
    writeU32BE(target, this.bytes, at);
    writeU32BE(target, MAGIC, at + 4);
    writeU32BE(target, crc32(body) & CRC_MASK, at + 8);
    writeU32BE(target, queueId, at + 12);
    writeU32BE(target, 0, at + 16);
    writeI64BE(target, queueOffset, at + 20);
    writeI64BE(target, position, at + 28);
    writeU32BE(target, compressed ? COMPRESSED : 0, at + 36);
    writeI64BE(target, bornTimeMs, at + 40);
    writeU32BE(target, bornHost.ip, at + 48);
    writeU32BE(target, bornHost.port, at + 52);
    writeI64BE(target, timestampMs, at + 56);
    writeU32BE(target, storeHost.ip, at + 64);
    writeU32BE(target, storeHost.port, at + 68);
    writeU32BE(target, 0, at + 72);
    writeI64BE(target, this.#draft.preparedOffset ?? 0, at + 76);
    writeU32BE(target, body.length, at + 84);
    body.copy(target, at + BODY_AT);
    const topicAt = at + BODY_AT + body.length;
    target[topicAt] = topic.length;
    const propertiesAt = topic.copy(target, topicAt + 1);
    target.writeInt16BE(this.#propertiesBytes, propertiesAt); // throws when they are too long
    writeProperties(properties, target, propertiesAt + 2);
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

  get bornHost(): Text {
    return hostAt(this.#bytes, 48);
  }

  get storeHost(): Text {
    return hostAt(this.#bytes, 64);
  }

  /** Its transaction; 0 for a message of none. */
  get preparedOffset(): number {
    return readLong(this.#bytes, 76);
  }

  /** The body in place: it shares memory with the record it was read from. */
  get body(): Buffer {
    return this.#bytes.subarray(BODY_AT, this.#topicAt);
  }

  get bodyBytes(): number {
    return this.#topicAt - BODY_AT;
  }

  get topic(): string {
    return new Text(this.#bytes, this.#topicAt + 1, this.#propertiesAt).toString();
  }

  /** In place, as the body. */
  get properties(): Text {
    const at = this.#propertiesAt + 2;
    const length = this.#bytes.readUInt16BE(at - 2);
    return new Text(this.#bytes, at, Math.min(at + length, this.#bytes.length));
  }
}

/** This broker, and the peers whose messages were read lately. */
const KNOWN_HOSTS_MAX = 1000;
const knownHosts = new Kept(KNOWN_HOSTS_MAX, hostText);

function hostAt(bytes: Buffer, at: number): Text {
  const ip = bytes.readUInt32BE(at);
  const port = bytes.readUInt32BE(at + 4);
  return knownHosts.get(ip * PORTS + (port % PORTS));
}

/** `a.b.c.d:port`. */
function hostText(host: number): Text {
  const ip = Math.floor(host / PORTS);
  const numbers = `${ip >>> 24}.${(ip >>> 16) & 255}.${(ip >>> 8) & 255}.${ip & 255}`;
  return Text.toKeep(`${numbers}:${host % PORTS}`);
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
