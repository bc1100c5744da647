/** Long polls: receivers that wait for a message of a topic, or of one of its queues, in turn. */
import { SluiceError } from '#lib/errors';
import { CONSUME } from '#lib/limits';

/** Stands for any queue of the topic in a request. wire.md A.8 */
export const ANY_QUEUE = -1;

/** One waiting receiver. */
export interface Poll {
  /** Tries to take messages now. Resolves to false when there was nothing, and the poll stays. */
  attempt: () => Promise<boolean>;
  /** What it finds is gone for others: when it finds nothing, they need not look. */
  takes: boolean;
  /** Answers with nothing, now. */
  end: () => void;
}

/** The receivers of one group that wait for one queue of a topic, or for any. */
class Waiting {
  readonly groupId: number;
  readonly queueId: number;
  readonly polls = new Set<Poll>();
  serving = false;
  again = false;

  constructor(groupId: number, queueId: number) {
    this.groupId = groupId;
    this.queueId = queueId;
  }
}

export class Polls {
  readonly #byTopic = new Map<number, Map<string, Waiting>>();
  readonly #onError: (error: unknown) => void;
  #count = 0;
  #closed = false;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  get count(): number {
    return this.#count;
  }

  /** Nobody waits any more: the broker stops. */
  close(): void {
    this.#closed = true;
    const waitings = [...this.#byTopic.values()].flatMap((topic) => [...topic.values()]);
    for (const poll of waitings.flatMap(({ polls }) => [...polls])) poll.end();
  }

  /** @throws SluiceError TOO_MANY_REQUESTS, SHUTTING_DOWN; returns how to stop waiting */
  add(groupId: number, topicId: number, queueId: number, poll: Poll): () => void {
    if (this.#closed) throw new SluiceError('SHUTTING_DOWN', 'the broker is shutting down');
    let topic = this.#byTopic.get(topicId);
    if (!topic) this.#byTopic.set(topicId, (topic = new Map<string, Waiting>()));
    const key = `${groupId}/${queueId}`;
    let waiting = topic.get(key);
    if (!waiting) topic.set(key, (waiting = new Waiting(groupId, queueId)));
    if (waiting.polls.size >= CONSUME.pollsPerGroupTopicMax) {
      throw new SluiceError(
        'TOO_MANY_REQUESTS',
        `${CONSUME.pollsPerGroupTopicMax} receivers of this group wait for this topic already`,
      );
    }
    waiting.polls.add(poll);
    this.#count++;
    return () => this.#remove(topicId, key, poll);
  }

  #remove(topicId: number, key: string, poll: Poll): void {
    const topic = this.#byTopic.get(topicId);
    const waiting = topic?.get(key);
    if (!topic || !waiting?.polls.delete(poll)) return;
    this.#count--;
    if (waiting.polls.size === 0) topic.delete(key);
    if (topic.size === 0) this.#byTopic.delete(topicId);
  }

  /** There may be something in a queue, for all groups or for one. */
  wake(topicId: number, queueId: number, groupId?: number): void {
    for (const waiting of this.#byTopic.get(topicId)?.values() ?? []) {
      const sameQueue = waiting.queueId === ANY_QUEUE || waiting.queueId === queueId;
      if (sameQueue && (groupId === undefined || waiting.groupId === groupId)) {
        void this.#serve(waiting);
      }
    }
  }

  /** Serves the receivers in turn until one finds nothing. */
  async #serve(waiting: Waiting): Promise<void> {
    waiting.again = true;
    if (waiting.serving) return;
    waiting.serving = true;
    try {
      while (waiting.again) {
        waiting.again = false;
        for (const poll of waiting.polls) {
          const found = await poll.attempt();
          if (!found && poll.takes) break;
        }
      }
    } catch (error) {
      this.#onError(error);
    } finally {
      waiting.serving = false;
    }
  }
}
