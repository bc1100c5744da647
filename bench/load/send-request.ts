/** A SendMessageRequest that is built once; only what differs is changed from call to call. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { encodeMessage, type FieldValue } from '../wire/protobuf.ts';
import { dueOf, type MessageKind, type Schedule } from './kinds.ts';
import { ID_CHARS, PREFIX_CHARS, writeSequence } from './message-id.ts';

const IDENTITY = 1;
/** Numbers of wire.md A.1; a tagged message is a normal one. */
const MESSAGE_TYPE = { normal: 1, tagged: 1, ordered: 2, scheduled: 3, transaction: 4 } as const;
/** Stands for a queue number while building: two varint bytes, so that any queue fits in place. */
const QUEUE_PLACEHOLDER = 0x3fff;
const QUEUE_FIELD = 13;
/** Message groups: so many that hardly two messages of one are on their way at once. */
const MESSAGE_GROUPS = 1000;
const GROUP_PREFIX = 'group-';
const GROUP_PLACEHOLDER = `${GROUP_PREFIX}00000000`;
const TAG_PREFIX = 'tag-';
const TAG_PLACEHOLDER = `${TAG_PREFIX}A`;
const [TAG_A, TAG_B] = [0x41, 0x42];
/** Varints of five bytes, which any time in seconds and any nanos fit into. */
const VARINT_BYTES = 5;
const TIME_PLACEHOLDER = Buffer.from([0x08, ...anyVarint(), 0x10, ...anyVarint()]);

function anyVarint(): number[] {
  return [0x81, 0x82, 0x83, 0x84, 0x05];
}

function writeVarint(out: Buffer, at: number, value: number): void {
  let rest = value;
  for (let i = 0; i < VARINT_BYTES; i++) {
    const more = i < VARINT_BYTES - 1 ? 0x80 : 0;
    out[at + i] = (rest % 128) | more;
    rest = Math.floor(rest / 128);
  }
}

export interface SendRequestOptions {
  readonly topic: string;
  /** They are numbered from 0; messages go round them. */
  readonly queues: number;
  readonly idPrefix: string;
  /** Of noise. */
  readonly bodyBytes: number;
  readonly kind: MessageKind;
  readonly schedule: Schedule;
}

export class SendRequest {
  readonly bytes: Buffer;
  readonly topic: string;
  readonly #options: SendRequestOptions;
  readonly #sequenceAt: number;
  readonly #queueAt: number;
  /** Where what the kind of message needs is; 0 when it needs nothing. */
  readonly #ownAt: number;

  constructor(options: SendRequestOptions) {
    const { topic, queues, idPrefix, bodyBytes, kind } = options;
    const id = idPrefix.padEnd(ID_CHARS, '0');
    const queueField = encodeMessage([QUEUE_FIELD, QUEUE_PLACEHOLDER]);
    const own = ownField(kind);
    const system = encodeMessage(
      [3, id],
      [5, IDENTITY],
      [6, MESSAGE_TYPE[kind]],
      [7, encodeMessage([1, Math.floor(Date.now() / 1000)])],
      [8, hostname()],
      [QUEUE_FIELD, QUEUE_PLACEHOLDER],
      ...(own ? [own] : []),
    );
    const message = encodeMessage(
      [1, encodeMessage([2, topic])],
      [3, system],
      [4, randomBytes(bodyBytes)],
    );
    this.bytes = encodeMessage([1, message]);
    this.topic = topic;
    this.#options = { ...options, queues };
    this.#sequenceAt = this.bytes.indexOf(id) + PREFIX_CHARS;
    this.#queueAt = this.bytes.indexOf(queueField, this.#sequenceAt) + 1;
    this.#ownAt = own ? this.bytes.indexOf(own[1], this.#queueAt) : 0;
  }

  /** Makes it the request of the message with this number; `turn` picks the queue. */
  patch(sequence: number, turn: number): Buffer {
    const { queues } = this.#options;
    writeSequence(this.bytes, this.#sequenceAt, sequence);
    const queue = turn % queues;
    this.bytes[this.#queueAt] = (queue & 0x7f) | 0x80;
    this.bytes[this.#queueAt + 1] = queue >> 7;
    this.#patchOwn(sequence, Math.floor(turn / queues));
    return this.bytes;
  }

  #patchOwn(sequence: number, round: number): void {
    const { kind, schedule } = this.#options;
    if (kind === 'ordered') {
      writeSequence(this.bytes, this.#ownAt + GROUP_PREFIX.length, sequence % MESSAGE_GROUPS);
    } else if (kind === 'tagged') {
      this.bytes[this.#ownAt + TAG_PREFIX.length] = round % 2 === 0 ? TAG_A : TAG_B;
    } else if (kind === 'scheduled') {
      const dueMs = dueOf(schedule, sequence);
      writeVarint(this.bytes, this.#ownAt + 1, Math.floor(dueMs / 1000));
      writeVarint(this.bytes, this.#ownAt + 2 + VARINT_BYTES, (dueMs % 1000) * 1e6);
    }
  }
}

/** The system property that messages of the kind have and others lack, with a placeholder. */
function ownField(
  kind: MessageKind,
): readonly [number, FieldValue & (string | Buffer)] | undefined {
  if (kind === 'ordered') return [17, GROUP_PLACEHOLDER];
  if (kind === 'scheduled') return [11, TIME_PLACEHOLDER];
  return kind === 'tagged' ? [1, TAG_PLACEHOLDER] : undefined;
}
