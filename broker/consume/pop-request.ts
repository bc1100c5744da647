/** What a receiver asks for, and what it is about to get. */
import type { StoredMessage } from '#proto/message';
import { parseProperties } from '#proto/properties';
import type { StoredProperties } from '#proto/properties';

import type { Caller } from '#broker/store/members';
import type { ConsumeQueue } from '#broker/store/consume-queue';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import type { MessageFilter } from '#broker/consume/message-filter';
import type { MessagePlace } from '#broker/consume/message-reader';
import type { Meter } from '#broker/consume/meter';
import type { Lease } from '#broker/consume/progress';

export interface PopRequest {
  group: Group;
  topic: Topic;
  /** A queue's id, or ANY_QUEUE. */
  queueId: number;
  filter: MessageFilter;
  /** Messages at most, 1..32. */
  batchSize: number;
  invisibleMs: number;
  /** The client for which the server renews the leases; undefined when they just run out. */
  renewFor: string | undefined;
  /** The same again when a receive is repeated that brought no answer. wire.md A.8 */
  attemptId?: string | undefined;
  /** Who receives, for the log. */
  caller?: Caller | undefined;
  meter: Meter;
}

export interface ReadMessage {
  message: StoredMessage;
  properties: StoredProperties;
}

export interface Taken {
  queue: ConsumeQueue;
  lease: Lease;
  place: MessagePlace;
  /** When it had to be looked at to be taken. */
  read?: ReadMessage | undefined;
}

export function readMessage(message: StoredMessage): ReadMessage {
  return { message, properties: parseProperties(message.properties) };
}

/** Whether one more message may go into an answer. @throws SluiceError TOO_MANY_REQUESTS */
export function mayTake({ meter }: PopRequest, taken: readonly Taken[]): boolean {
  if (taken.length === 0) meter.admitReceive();
  return meter.chargeReceive();
}
