/** Gives a message its queue offset and its place in the log; the one way in, whatever the door. */
import { MessagePayload } from '#proto/message';
import type { IPv4Address, MessageDraft } from '#proto/message';
import { Text } from '#proto/text';

import type { Store } from '#broker/store/store';
import type { Topic } from '#broker/topic/topics';

/** An admitted message. */
export interface OutgoingMessage extends MessageDraft {
  readonly topic: Topic;
  readonly queueId: number;
  readonly tagHash: number;
  /** What it can be found by: its id and its keys. */
  readonly lookupKeys: readonly Text[];
}

export interface Produced {
  queueId: number;
  offset: number;
  /** Of its record in the log. */
  position: number;
  /** The message is stored once the log is committed up to here. */
  end: number;
  /** By which a message that waits for its time can be taken back. */
  recallHandle?: string;
  /** Of a half message. */
  transactionId?: string;
  /** It was sent before: that is what became of it then. */
  resent?: true;
}

export class Producer {
  readonly #store: Store;
  readonly #storeHost: IPv4Address;

  constructor(store: Store, storeHost: IPv4Address) {
    this.#store = store;
    this.#storeHost = storeHost;
  }

  /**
   * Puts a message into the log, in memory; await `whenStored(end)` before saying so to anyone.
   * @throws SluiceError DISK_FULL, STORE_UNAVAILABLE, TOO_MANY_REQUESTS, SHUTTING_DOWN
   */
  append(message: OutgoingMessage): Produced {
    const { topic, queueId, tagHash, lookupKeys } = message;
    const queue = topic.queues[queueId];
    if (!queue) throw new RangeError(`${topic.name} has no queue ${queueId}`);
    const offset = queue.nextOffset;
    const payload = this.encode(message, offset);
    const { position, end } = this.#store.appendMessage(queue, payload, tagHash, lookupKeys);
    return { queueId, offset, position, end };
  }

  /**
   * A message as it goes into the log.
   * @throws SluiceError DISK_FULL, STORE_UNAVAILABLE when messages are turned away
   */
  encode(message: OutgoingMessage, queueOffset: number): MessagePayload {
    const { readOnlyReason } = this.#store;
    if (readOnlyReason) throw readOnlyReason;
    const { topic, queueId } = message;
    return new MessagePayload(message, {
      topic: Text.ofName(topic.name),
      queueId,
      queueOffset,
      storeHost: this.#storeHost,
    });
  }

  whenStored(end: number): Promise<void> {
    return this.#store.whenCommitted(end);
  }
}
