/**
 * What must be true of a broker that was opened again after a crash, whatever is left of its files.
 */
import type { Core } from '#broker/core';
import { GROUP, INVISIBLE_MS, memberOf, receiveSome, sendOne } from '#support/crash-script';
import type { FoundMessage, History } from '#support/history';
import type { ManualClock } from '#support/manual-clock';
import { PROPERTY, parseProperties } from '#proto/properties';

export interface Reopened {
  history: History;
  clock: ManualClock;
  open: () => Promise<Core>;
  /** Between the two: the power fails. Without it, the first ends as it should. */
  powerLoss?: () => void;
}

/** Everything that can be read, queue by queue. */
export async function readAll(core: Core): Promise<FoundMessage[]> {
  const found: FoundMessage[] = [];
  const { reader } = core.consumption;
  for (const topic of core.topics.all) {
    for (const queue of topic.queues) {
      const { queueId } = queue;
      const end = queue.readable(core.store.committed);
      for (let offset = queue.minOffset; offset < end; offset++) {
        const message = await reader.read(await reader.place(queue, offset), queue, offset);
        const id = parseProperties(message.properties).get(PROPERTY.messageId) ?? '';
        const body = Buffer.from(message.body);
        found.push({ id, topic: String(topic.id), queueId, offset, body });
      }
    }
  }
  return found;
}

/**
 * Opens, checks, sends some more, opens again, checks, and takes everything that is to be taken.
 */
export async function checkReopened(reopened: Reopened): Promise<void> {
  const { history, clock, open, powerLoss } = reopened;
  const first = await open();
  try {
    await checkState(first, history);
    for (const topic of first.topics.all) {
      for (let i = 0; i < topic.queues.length; i++) {
        await sendOne({ core: first, clock, history }, topic, i, `after-${history.sentCount}-`);
      }
    }
    await checkState(first, history);
  } finally {
    powerLoss?.();
    await first.close();
  }
  const second = await open();
  try {
    await checkState(second, history);
    await drain(second, clock, history);
  } finally {
    await second.close();
  }
}

async function checkState(core: Core, history: History): Promise<void> {
  history.foundAll(await readAll(core));
  for (const topic of history.topics('there')) {
    if (!core.topics.byId(Number(topic))) history.violated(`topic ${topic} is lost`);
  }
  for (const topic of history.topics('gone')) {
    if (core.topics.byId(Number(topic))) history.violated(`topic ${topic} came back`);
  }
  for (const { group, topic, queueId } of history.promisedProgress()) {
    history.foundProgress(group, topic, queueId, progressOf(core, group, Number(topic), queueId));
  }
}

/** Of a group, or of a member of one. */
function progressOf({ groups, consumption }: Core, name: string, topicId: number, queueId: number) {
  const { name: groupName, member } = memberOf(name);
  const groupId = groups.find(groupName)?.id ?? -1;
  const { members } = consumption.broadcast;
  if (member !== undefined) return members.find({ groupId, topicId, queueId, member }) ?? -1;
  return consumption.progress.find(groupId, topicId, queueId)?.committed ?? -1;
}

/** All leases end, and everything that was not acknowledged comes again. */
async function drain(core: Core, clock: ManualClock, history: History): Promise<void> {
  const group = core.groups.find(GROUP);
  const topic = core.topics.find('orders');
  if (!group || !topic) return;
  history.forgetDeliveries();
  clock.advance(INVISIBLE_MS + 1);
  const scene = { core, clock, history };
  while ((await receiveSome(scene, group, topic, 32)).length > 0) continue;
  history.drained(GROUP, String(topic.id));
}
