/** Topics as the admin service sees them. */
import { TOPIC } from '#lib/limits';
import { isSystemTopic } from '#proto/names';

import type { TopicAdmin, TopicInfo } from '#broker/admin/backend';
import type { Mode } from '#broker/admit/mode';
import type { Core } from '#broker/core';
import type { Topic, Topics } from '#broker/topic/topics';

function infoOf({ definition }: Topic): TopicInfo {
  const { name, kind, queues, permission, createdMs } = definition;
  return { name, kind, queues, permission, createdMs };
}

/** What was given, and nothing for what was not. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** At most `limit` names after `after`, in order. */
export function pageOf<T extends { name: string }>(
  all: Iterable<T>,
  after: string,
  limit: number,
): T[] {
  const behind = [...all].filter(({ name }) => name > after);
  return behind.sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, limit);
}

export function topicAdmin(core: Core): TopicAdmin {
  const { topics, mode }: { topics: Topics; mode: Mode } = core;
  return {
    async create({ name, kind, queues, permission }) {
      const preset = kind === 'global-fifo' ? 1 : TOPIC.queuesDefault;
      return infoOf(await topics.create(name, kind, queues ?? preset, permission));
    },
    async update({ name, kind, queues, permission }) {
      const has = topics.get(name).queues.length;
      mode.admitQueueChange(name, has, queues ?? has);
      return infoOf(await topics.update(name, given({ kind, queues, permission })));
    },
    delete: (name) => topics.delete(name),
    async describe(name) {
      const topic = topics.get(name);
      const queueStates = [];
      for (const [queue, { minOffset }] of topic.queues.entries()) {
        queueStates.push({ queue, minOffset, ...(await endOf(core, topic, queue)) });
      }
      const groups = [...core.consumption.progress.groupsOf(topic.id)]
        .map((id) => core.groups.byId(id)?.name)
        .filter((group) => group !== undefined);
      return { ...infoOf(topic), queueStates, groups: groups.sort() };
    },
    list(after, limit) {
      const shown = [...topics.all].filter(({ name }) => !isSystemTopic(name));
      return pageOf(shown, after, limit).map(infoOf);
    },
  };
}

async function endOf({ consumption, store }: Core, topic: Topic, queueId: number) {
  const queue = consumption.pull.queue(topic, queueId);
  const maxOffset = queue.readable(store.committed);
  if (maxOffset === queue.minOffset) return { maxOffset, lastWriteMs: undefined };
  const { storeTimeMs } = await consumption.reader.place(queue, maxOffset - 1);
  return { maxOffset, lastWriteMs: storeTimeMs };
}
