/** Which queue of its topic a message goes to. */
import type { Topic } from '#broker/topic/topics';

export class QueueSelector {
  #turn = 0;

  /** The queue that the client chose, where there is such a one; else each in turn. */
  select(topic: Topic, wanted: number): number {
    if (Number.isInteger(wanted) && wanted >= 0 && wanted < topic.queues.length) return wanted;
    this.#turn = (this.#turn + 1) >>> 0;
    return this.#turn % topic.queues.length;
  }
}
