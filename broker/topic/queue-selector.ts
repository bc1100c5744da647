/** Which queue of its topic a message goes to. */
import type { Topic } from '#broker/topic/topics';

/**
 * Each queue in turn. What queue the client names is not asked: some clients only ever name the
 * first (wire.md A.7: the original does not ask either).
 */
export class QueueSelector {
  #turn = 0;

  select(topic: Topic): number {
    this.#turn = (this.#turn + 1) >>> 0;
    return this.#turn % topic.queues.length;
  }
}
