/**
 * Messages that a record of another kind holds back: scheduled ones until their time, half ones
 * until their transaction ends. They are found by their ids apart from those that are in queues.
 */
import { StoredMessage } from '#proto/message';

import { decodeHalf } from '#broker/produce/half-records';
import { decodeScheduled } from '#broker/produce/scheduled-records';
import type { TimerKey } from '#broker/store/index-keys';
import { RECORD_TYPE } from '#broker/store/record';
import type { LogRecord } from '#broker/store/record';

export interface HeldMessage extends TimerKey {
  kind: 'scheduled' | 'half';
  topicId: number;
  message: StoredMessage;
}

/** Undefined when the record is none that was sent: it is of another kind, or carried forward. */
export function heldMessage({ type, position, payload }: LogRecord): HeldMessage | undefined {
  const isHalf = type === RECORD_TYPE.half;
  if (!isHalf && type !== RECORD_TYPE.scheduled) return undefined;
  const decoded = isHalf ? decodeHalf(payload, position) : decodeScheduled(payload);
  const { id, dueMs, topicId } = decoded;
  if (id !== position) return undefined;
  const message = new StoredMessage(decoded.message);
  return { kind: isHalf ? 'half' : 'scheduled', id, dueMs, topicId, message };
}

/** In the key index, what keys of held messages of a topic are under. */
export function heldTopicId(topicId: number): number {
  return -1 - topicId;
}
