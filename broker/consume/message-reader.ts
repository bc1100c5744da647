/** Reads the message at an offset of a queue, and makes sure that it is that message. */
import { StoredMessage } from '#proto/message';

import type { ConsumeQueue, Run } from '#broker/store/consume-queue';
import { IndexDamageError } from '#broker/store/damage';
import type { Store } from '#broker/store/store';

export interface MessagePlace {
  position: number;
  /** Bytes of the whole record. */
  size: number;
  storeTimeMs: number;
}

/** What a run in memory says of an offset. */
export function placeIn(run: Run, offset: number): MessagePlace {
  return {
    position: run.position(offset),
    size: run.size(offset),
    storeTimeMs: run.storeTimeMs(offset),
  };
}

export class MessageReader {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Where the message is, if that is known in memory. */
  placeNow(queue: ConsumeQueue, offset: number): MessagePlace | undefined {
    const run = queue.find(offset);
    return run && placeIn(run, offset);
  }

  /** @throws IndexDamageError when an offset between the queue's first and last is in no index */
  async place(queue: ConsumeQueue, offset: number): Promise<MessagePlace> {
    const run = queue.find(offset) ?? (await this.#store.queues.load(queue, offset));
    if (!run) {
      const { topicId, queueId } = queue;
      throw new IndexDamageError(`topic ${topicId} queue ${queueId} lacks offset ${offset}`);
    }
    return placeIn(run, offset);
  }

  /**
   * The first offset from `low` on whose place is what is looked for, if from it on all are; `high`
   * if none below that is.
   */
  async firstOffset(
    queue: ConsumeQueue,
    low: number,
    high: number,
    isIt: (place: MessagePlace) => boolean,
  ): Promise<number> {
    let first = low;
    let end = high;
    while (first < end) {
      const middle = Math.floor((first + end) / 2);
      if (isIt(await this.place(queue, middle))) end = middle;
      else first = middle + 1;
    }
    return first;
  }

  /** The message if its bytes are in memory. */
  readNow(place: MessagePlace, queue: ConsumeQueue, offset: number): StoredMessage | undefined {
    const bytes = this.#store.readNow(place.position, place.size);
    return bytes && check(new StoredMessage(bytes), queue, offset);
  }

  /** The message at a log position that the key index gave. @throws DamageError */
  async readAt(position: number): Promise<StoredMessage> {
    return new StoredMessage(await this.#store.readAt(position));
  }

  /** @throws DamageError, IndexDamageError: never a message that is not the right one */
  async read(place: MessagePlace, queue: ConsumeQueue, offset: number): Promise<StoredMessage> {
    const bytes = await this.#store.read(place.position, place.size);
    return check(new StoredMessage(bytes), queue, offset);
  }
}

function check(message: StoredMessage, queue: ConsumeQueue, offset: number): StoredMessage {
  if (message.queueId !== queue.queueId || message.queueOffset !== offset) {
    throw new IndexDamageError(
      `offset ${offset} of topic ${queue.topicId} queue ${queue.queueId} leads to another message`,
    );
  }
  return message;
}
