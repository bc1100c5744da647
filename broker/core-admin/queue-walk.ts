/** From message to message along a queue, while retention may take its oldest ones away. */
import type { StoredMessage as Stored } from '#proto/message';

import type { MessagePlace, MessageReader } from '#broker/consume/message-reader';
import type { ConsumeQueue } from '#broker/store/consume-queue';
import { IndexDamageError } from '#broker/store/damage';

export class QueueWalk {
  readonly #reader: MessageReader;
  readonly #queue: ConsumeQueue;
  readonly #step: 1 | -1;
  #offset = 0;
  #from = 0;
  #to = 0;
  #place: MessagePlace | undefined;

  constructor(reader: MessageReader, queue: ConsumeQueue, backwards: boolean) {
    this.#reader = reader;
    this.#queue = queue;
    this.#step = backwards ? -1 : 1;
  }

  /** Takes its place at the first of these offsets, or backwards at the last of them. */
  async begin({ from, to }: { from: number; to: number }): Promise<void> {
    this.#from = from;
    this.#to = to;
    this.#offset = this.#step === 1 ? from : to - 1;
    await this.#findPlace();
  }

  get isOver(): boolean {
    return this.#place === undefined;
  }

  get #here(): MessagePlace {
    if (!this.#place) throw new TypeError('the walk is over');
    return this.#place;
  }

  /** In the log; only while it is not over. */
  get position(): number {
    return this.#here.position;
  }

  get storeTimeMs(): number {
    return this.#here.storeTimeMs;
  }

  /** Whether retention has taken the message where it stands. */
  get isGone(): boolean {
    return this.#offset < this.#queue.minOffset;
  }

  read(): Promise<Stored> {
    return this.#reader.read(this.#here, this.#queue, this.#offset);
  }

  async advance(): Promise<void> {
    this.#offset += this.#step;
    await this.#findPlace();
  }

  async #findPlace(): Promise<void> {
    this.#place = undefined;
    for (;;) {
      const { minOffset } = this.#queue;
      if (this.#step === 1) this.#offset = Math.max(this.#offset, minOffset);
      if (this.#offset < Math.max(this.#from, minOffset) || this.#offset >= this.#to) return;
      try {
        this.#place = await this.#reader.place(this.#queue, this.#offset);
        return;
      } catch (error) {
        if (!(error instanceof IndexDamageError && this.isGone)) throw error;
      }
    }
  }
}
