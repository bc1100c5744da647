/**
 * Which messages a filter wants, known before they are leased: what nobody wants costs no lease, no
 * record and no quota.
 */
import { CONSUME } from '#lib/limits';
import type { StoredMessage } from '#proto/message';

import type { ConsumeQueue, Run } from '#broker/store/consume-queue';
import type { MessageFilter } from '#broker/consume/message-filter';
import { placeIn } from '#broker/consume/message-reader';
import type { MessagePlace, MessageReader } from '#broker/consume/message-reader';
import { readMessage } from '#broker/consume/pop-request';
import type { ReadMessage } from '#broker/consume/pop-request';

interface Choice {
  wanted: boolean;
  /** Undefined where the message has not been read: its properties may still speak against it. */
  read: ReadMessage | undefined;
}

const UNWANTED: Choice = { wanted: false, read: undefined };
const UNREAD: Choice = { wanted: true, read: undefined };
const READ_COST = CONSUME.scanEntriesPerTurn / CONSUME.scanMessagesPerTurn;

/** For one receive. */
export class Selection {
  readonly #filter: MessageFilter;
  readonly #reader: MessageReader;
  /** The message that had to be waited for last. */
  #awaited: { queue: ConsumeQueue; offset: number; choice: Choice } | undefined;
  #cost = 0;

  constructor(filter: MessageFilter, reader: MessageReader) {
    this.#filter = filter;
    this.#reader = reader;
  }

  /** Whether so much was looked at that other work is to have its turn. */
  shouldPause(): boolean {
    if (this.#cost < CONSUME.scanEntriesPerTurn) return false;
    this.#cost = 0;
    return true;
  }

  /** What to do with the message at `offset`; after a promise, to be asked again. */
  choose(queue: ConsumeQueue, run: Run, offset: number): Choice | Promise<void> {
    this.#cost += 1;
    if (!this.#filter.mayMatch(run.tagHash(offset))) return UNWANTED;
    if (!this.#filter.readsProperties) return UNREAD;
    const awaited = this.#awaited;
    if (awaited?.queue === queue && awaited.offset === offset) return awaited.choice;
    this.#cost += READ_COST;
    const place = placeIn(run, offset);
    try {
      const message = this.#reader.readNow(place, queue, offset);
      return message ? this.#judge(message) : this.#wait(place, queue, offset);
    } catch {
      return UNREAD; // damaged: it is taken, so that reading it for good reports that
    }
  }

  async #wait(place: MessagePlace, queue: ConsumeQueue, offset: number): Promise<void> {
    const read = this.#reader.read(place, queue, offset);
    const choice = await read.then(
      (message) => this.#judge(message),
      () => UNREAD, // damaged, as above
    );
    this.#awaited = { queue, offset, choice };
  }

  #judge(message: StoredMessage): Choice {
    const read = readMessage(message);
    return this.#filter.accepts(read.properties) ? { wanted: true, read } : UNWANTED;
  }
}
