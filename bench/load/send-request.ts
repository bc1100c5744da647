/** A SendMessageRequest that is built once; only the id and the queue change from call to call. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { encodeMessage } from '../wire/protobuf.ts';
import { ID_CHARS, PREFIX_CHARS, writeSequence } from './message-id.ts';

const IDENTITY = 1;
const NORMAL = 1;
/** Stands for a queue number while building: two varint bytes, so that any queue fits in place. */
const QUEUE_PLACEHOLDER = 0x3fff;
const QUEUE_FIELD = 13;

export class SendRequest {
  readonly bytes: Buffer;
  readonly #sequenceAt: number;
  readonly #queueAt: number;
  readonly #queues: number;

  /** `queues` are numbered from 0; messages go round them. Bodies are `bodyBytes` of noise. */
  constructor(topic: string, queues: number, idPrefix: string, bodyBytes: number) {
    const id = idPrefix.padEnd(ID_CHARS, '0');
    const queueField = encodeMessage([QUEUE_FIELD, QUEUE_PLACEHOLDER]);
    const system = encodeMessage(
      [3, id],
      [5, IDENTITY],
      [6, NORMAL],
      [7, encodeMessage([1, Math.floor(Date.now() / 1000)])],
      [8, hostname()],
      [QUEUE_FIELD, QUEUE_PLACEHOLDER],
    );
    const message = encodeMessage(
      [1, encodeMessage([2, topic])],
      [3, system],
      [4, randomBytes(bodyBytes)],
    );
    this.bytes = encodeMessage([1, message]);
    this.#sequenceAt = this.bytes.indexOf(id) + PREFIX_CHARS;
    this.#queueAt = this.bytes.indexOf(queueField, this.#sequenceAt) + 1;
    this.#queues = queues;
  }

  /** Makes it the request of the message with this number; `turn` picks the queue. */
  patch(sequence: number, turn: number): Buffer {
    writeSequence(this.bytes, this.#sequenceAt, sequence);
    const queue = turn % this.#queues;
    this.bytes[this.#queueAt] = (queue & 0x7f) | 0x80;
    this.bytes[this.#queueAt + 1] = queue >> 7;
    return this.bytes;
  }
}
