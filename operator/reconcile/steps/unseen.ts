/**
 * Groups that read a topic at other shards and never came to this one: a broker does not know of
 * them, so that its own count of unread messages leaves them out.
 */
import type { UnreadTopic } from '#proto/admin-types';
import { isDeadLetterTopic } from '#proto/names';
import { waiting } from '#operator/reconcile/blocked';
import type { ShardFacts } from '#operator/reconcile/facts';
import type { Pass, Tools } from '#operator/reconcile/pass';

export type Unread = Pick<UnreadTopic, 'group' | 'topic' | 'messages'>;

/** Throws Blocked while a shard that stays can't be asked. */
export async function unseen(shard: ShardFacts, pass: Pass, tools: Tools): Promise<Unread[]> {
  const admin = tools.admins.of(pass.instance, shard.number);
  const found: Unread[] = [];
  for (const topic of (await admin.topics()).keys()) {
    if (isDeadLetterTopic(topic)) continue;
    const { queues, groups } = await admin.call('DescribeTopic', { name: topic });
    const messages = queues.reduce((sum, each) => sum + each.maxOffset - each.minOffset, 0);
    if (messages === 0) continue;
    const elsewhere = await groupsElsewhere(topic, pass, tools);
    for (const group of groups) elsewhere.delete(group);
    for (const group of elsewhere) found.push({ group, topic, messages });
  }
  return found;
}

async function groupsElsewhere(topic: string, pass: Pass, tools: Tools): Promise<Set<string>> {
  const found = new Set<string>();
  for (const { number, broker, isWanted, isReady } of pass.facts.shards) {
    if (!isWanted) continue;
    if (!isReady) {
      throw waiting('ScalingIn', `${broker} is not ready, so who reads ${topic} is not known`);
    }
    const admin = tools.admins.of(pass.instance, number);
    if (!(await admin.topics()).has(topic)) continue;
    const { groups } = await admin.call('DescribeTopic', { name: topic });
    for (const group of groups) found.add(group);
  }
  return found;
}
