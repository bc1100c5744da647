/** Which group wants what of which topic: what its clients say, and where it has been. */
import { SluiceError } from '#lib/errors';
import type { Resource, SubscriptionInfoInput } from '#proto/types';

import type { ClientSubscription, Session } from '#broker/client/sessions';
import type { Core } from '#broker/core';
import type { Board, Handlers } from '#broker/rocketmq-admin/board';
import { clientInfo } from '#broker/rocketmq-admin/clients';
import {
  groupOf,
  messageModelOf,
  nameOf,
  refuseTooMany,
  resourceOf,
  topicOf,
} from '#broker/rocketmq-admin/names';
import { timestampOf } from '#broker/rocketmq-admin/times';

/** A group and a topic; where no client is connected, without what it would want. */
interface Subscription {
  readonly group: string;
  readonly topic: string;
  readonly said: { readonly session: Session; readonly entry: ClientSubscription }[];
}

export function subscriptionHandlers({
  core,
}: Board): Handlers<'ListSubscription' | 'DescribeSubscription' | 'DeleteSubscription'> {
  return {
    ListSubscription(request) {
      const found = subscriptions(core, wantedBy(core, request));
      return { subscriptionInfo: found.map((one) => infoOf(core, one)) };
    },
    DescribeSubscription(request) {
      const found = subscriptions(core, wantedBy(core, request));
      return {
        clientSubscriptionInfo: found.flatMap((subscription) =>
          subscription.said.map((one) => ({
            clientInfo: clientInfo(core, one.session),
            subscriptionInfo: {
              ...infoOf(core, { ...subscription, said: [one] }),
              subscriptionConsistency: isConsistent(subscription),
            },
          })),
        ),
      };
    },
    async DeleteSubscription(request) {
      const topic = topicOf(core, request.topic);
      const group = groupOf(core, request.group);
      const online = subscriptions(core, { topic: topic.name, group: group.name });
      const members = online[0]?.said.length ?? 0;
      if (members > 0) {
        const why = `${members} connected clients of ${group.name} subscribe to ${topic.name}`;
        throw new SluiceError('FORBIDDEN', `${why}; stop them first`);
      }
      if (online.length === 0) {
        const what = `${group.name} does not subscribe to ${topic.name}`;
        throw new SluiceError('OFFSET_NOT_FOUND', what);
      }
      const end = core.consumption.progress.recordForgotten(group.id, topic.id);
      await core.producer.whenStored(end);
      return {};
    },
  };
}

interface Wanted {
  readonly topic: string | undefined;
  readonly group: string | undefined;
}

function wantedBy(
  core: Core,
  request: { topic?: Resource | null; group?: Resource | null },
): Wanted {
  const topic = nameOf(request.topic);
  const group = nameOf(request.group);
  if (topic === undefined && group === undefined) {
    throw new SluiceError('BAD_REQUEST', 'give a topic, a group, or both');
  }
  if (topic !== undefined) core.topics.get(topic);
  if (group !== undefined) core.groups.get(group);
  return { topic, group };
}

/** In order of group, then topic. */
function subscriptions(core: Core, wanted: Wanted): Subscription[] {
  const found = new Map<string, Subscription>();
  let entriesCount = 0;
  const at = (group: string, topic: string): Subscription | undefined => {
    if ((wanted.group ?? group) !== group || (wanted.topic ?? topic) !== topic) return undefined;
    const key = `${group} ${topic}`;
    let subscription = found.get(key);
    if (!subscription) found.set(key, (subscription = { group, topic, said: [] }));
    return subscription;
  };
  for (const group of core.groups.all) {
    for (const topicId of core.consumption.progress.of(group.id).keys()) {
      const topic = core.topics.byId(topicId);
      if (topic) at(group.name, topic.name);
    }
  }
  for (const session of core.sessions.all) {
    const { group, subscriptions: entries = [] } = session.facts;
    if (group === undefined) continue;
    for (const entry of entries) {
      const subscription = at(group, entry.topic);
      if (!subscription) continue;
      subscription.said.push({ session, entry });
      refuseTooMany(++entriesCount);
    }
  }
  refuseTooMany(found.size);
  return [...found.keys()].sort().flatMap((key) => found.get(key) ?? []);
}

function infoOf(core: Core, subscription: Subscription): SubscriptionInfoInput {
  const { group, topic, said } = subscription;
  const latest = said.reduce<Subscription['said'][number] | undefined>(
    (last, one) => (last && last.session.settingsMs > one.session.settingsMs ? last : one),
    undefined,
  );
  const { filterType: type, expression } = latest?.entry ?? {};
  return {
    group: resourceOf(group),
    topic: resourceOf(topic),
    expression: latest && { type, expression },
    online: latest !== undefined,
    lastUpdateTimestamp: latest && timestampOf(latest.session.settingsMs),
    messageModel: messageModelOf(core, group),
    subscriptionConsistency: isConsistent(subscription),
  };
}

function isConsistent({ said }: Subscription): boolean {
  const [first] = said;
  return said.every(
    ({ entry }) =>
      entry.filterType === first?.entry.filterType && entry.expression === first.entry.expression,
  );
}
