/** Topics that have many queues together. */

/** Below the limit of one topic, which is 1,024 here. */
const QUEUES_PER_TOPIC = 1000;

/** Names of as many topics as it takes, and the queues of each. */
export function spread(
  prefix: string,
  queues: number,
): { readonly topics: string[]; readonly queuesEach: number } {
  const count = Math.ceil(queues / QUEUES_PER_TOPIC);
  const topics = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
  return { topics, queuesEach: Math.ceil(queues / count) };
}
