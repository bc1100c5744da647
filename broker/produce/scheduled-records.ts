/**
 * What the log says of scheduled messages, numbers big-endian:
 *
 *   scheduled  id u48 (its own position unless it is carried) · due u48 · topic id u48 · message
 *   cancelled  id u48 · due u48
 */
import type { MessagePayload } from '#proto/message';

import { bytesPayload } from '#broker/store/record';
import type { Payload } from '#broker/store/record';
import type { TimerKey } from '#broker/store/index-keys';

const U48 = 6;
const FACTS_BYTES = 18;
const CANCELLED_BYTES = 12;

export class ScheduledPayload implements Payload {
  readonly #dueMs: number;
  readonly #topicId: number;
  readonly #message: MessagePayload;
  readonly bytes: number;

  constructor(dueMs: number, topicId: number, message: MessagePayload) {
    this.#dueMs = dueMs;
    this.#topicId = topicId;
    this.#message = message;
    this.bytes = FACTS_BYTES + message.bytes;
  }

  write(target: Buffer, at: number, position: number, timestampMs: number): void {
    target.writeUIntBE(position, at, U48);
    target.writeUIntBE(this.#dueMs, at + 6, U48);
    target.writeUIntBE(this.#topicId, at + 12, U48);
    this.#message.write(target, at + FACTS_BYTES, position, timestampMs);
  }
}

export interface Scheduled extends TimerKey {
  topicId: number;
  /** In its layout, in place. */
  message: Buffer;
}

export function decodeScheduled(payload: Buffer): Scheduled {
  return {
    id: payload.readUIntBE(0, U48),
    dueMs: payload.readUIntBE(6, U48),
    topicId: payload.readUIntBE(12, U48),
    message: payload.subarray(FACTS_BYTES),
  };
}

export function cancelledPayload({ id, dueMs }: TimerKey): Payload {
  const bytes = Buffer.allocUnsafe(CANCELLED_BYTES);
  bytes.writeUIntBE(id, 0, U48);
  bytes.writeUIntBE(dueMs, U48, U48);
  return bytesPayload(bytes);
}

export function decodeCancelled(payload: Buffer): TimerKey {
  return { id: payload.readUIntBE(0, U48), dueMs: payload.readUIntBE(U48, U48) };
}
