/** Which queue of its topic a message goes to. */
import { SipHash } from '#lib/siphash';
import type { Text } from '#proto/text';

import type { Topic } from '#broker/topic/topics';

/** The key of SipHash as Guava has it, which the original uses: bytes 0 to 15. */
const KEY = Buffer.from(Array.from({ length: 16 }, (_, i) => i));
const HASH_BYTES = 8;
const LCG_FACTOR = 2862933555777941757n;
const TWO_31 = 2 ** 31;

export class QueueSelector {
  readonly #sipHash = new SipHash(KEY);
  readonly #hash = Buffer.alloc(HASH_BYTES);
  #turn = 0;

  /**
   * With a message group always the same while the topic has as many queues, without one each in
   * turn. What queue the client names is not asked: some clients only ever name the first (wire.md
   * A.7: the original does not ask either).
   */
  select(topic: Topic, messageGroup?: Text): number {
    const queues = topic.queues.length;
    if (messageGroup && queues > 1) return this.#queueOf(messageGroup, queues);
    this.#turn = (this.#turn + 1) >>> 0;
    return this.#turn % queues;
  }

  #queueOf({ bytes, start, end }: Text, queues: number): number {
    this.#sipHash.write(bytes, start, end, this.#hash, 0);
    return jumpHash(this.#hash.readBigUInt64LE(0), queues);
  }
}

/**
 * Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm" (2014): with one bucket
 * more, only those keys move that go there.
 */
function jumpHash(hash: bigint, buckets: number): number {
  let state = hash;
  let bucket = 0;
  for (let next = 0; next < buckets;) {
    bucket = next;
    state = BigInt.asUintN(64, state * LCG_FACTOR + 1n);
    next = Math.floor((bucket + 1) * (TWO_31 / (Number(state >> 33n) + 1)));
  }
  return bucket;
}
