/** The clients that are connected to this broker. */
import { SluiceError } from '#lib/errors';
import type { ClientInfoInput, MessageQueueItemInput } from '#proto/types';

import type { Session } from '#broker/client/sessions';
import type { Progress } from '#broker/consume/progress';
import type { Core } from '#broker/core';
import type { Board, Handlers } from '#broker/rocketmq-admin/board';
import {
  groupOf,
  messageModelOf,
  nameOf,
  refuseLite,
  refuseTooMany,
  resourceOf,
} from '#broker/rocketmq-admin/names';

export function clientHandlers({
  core,
}: Board): Handlers<'ListConsumerConnection' | 'GetConsumerRunningInfo'> {
  return {
    ListConsumerConnection({ group, topic, liteTopic }) {
      refuseLite(liteTopic);
      const { name } = groupOf(core, group);
      const wanted = nameOf(topic);
      const members = membersOf(core, name).filter(
        ({ facts: { subscriptions = [] } }) =>
          wanted === undefined || subscriptions.some((entry) => entry.topic === wanted),
      );
      refuseTooMany(members.length);
      return { clientInfo: members.map((session) => clientInfo(core, session)) };
    },
    GetConsumerRunningInfo({ group, clientId }) {
      const { id, name } = groupOf(core, group);
      const session = memberOf(core, name, clientId);
      const { subscriptions = [] } = session.facts;
      return {
        consumerRunningInfo: {
          properties: propertiesOf(session),
          subscriptions: Object.fromEntries(
            subscriptions.map(({ topic, filterType: type, expression }) => [
              topic,
              { type, expression },
            ]),
          ),
          messageQueueTable: subscriptions.flatMap(({ topic }) =>
            queuesOf(core, id, topic, clientId),
          ),
        },
      };
    },
  };
}

function membersOf({ sessions }: Core, group: string): Session[] {
  return [...sessions.all].filter(({ facts }) => facts.group === group);
}

/** @throws SluiceError CLIENT_NOT_FOUND */
export function memberOf({ sessions }: Core, group: string, clientId: string): Session {
  const session = sessions.find(clientId);
  if (session?.facts.group === group) return session;
  throw new SluiceError('CLIENT_NOT_FOUND', `no client ${clientId} of ${group} is connected here`);
}

export function clientInfo(core: Core, { facts }: Session): ClientInfoInput {
  const { clientId, version, language, hostname = '', peer, group } = facts;
  const egressIp = peer.slice(0, Math.max(0, peer.lastIndexOf(':')));
  const messageModel = messageModelOf(core, group);
  return { clientId, version, language, hostname, egressIp, messageModel };
}

/** What the broker itself knows: clients of this protocol don't tell more. */
function propertiesOf({ facts, connectedMs, settingsMs }: Session): Record<string, string> {
  const { kind, language, version, peer } = facts;
  return {
    kind,
    language,
    version,
    address: peer,
    connectedAt: new Date(connectedMs).toISOString(),
    settingsAt: new Date(settingsMs).toISOString(),
  };
}

/** The queues of which the client has something, or may get it. */
function queuesOf(
  core: Core,
  groupId: number,
  topicName: string,
  clientId: string,
): MessageQueueItemInput[] {
  const topic = core.topics.find(topicName);
  if (!topic) return [];
  return topic.queues.map((queue, id) => {
    const progress = core.consumption.progress.find(groupId, topic.id, id);
    const held = heldBy(progress, clientId);
    return {
      messageQueue: { topic: resourceOf(topicName), id },
      processQueueInfo: {
        commitOffset: progress?.committed ?? queue.minOffset,
        cachedMsgMinOffset: held[0] ?? 0,
        cachedMsgMaxOffset: held.at(-1) ?? 0,
        cachedMsgCount: held.length,
      },
    };
  });
}

/** Offsets of messages that the broker keeps hidden for the client, in order. */
function heldBy(progress: Progress | undefined, clientId: string): number[] {
  const offsets: number[] = [];
  for (const { offset, renewal, expired } of progress?.leases ?? []) {
    if (renewal?.clientId === clientId && !expired) offsets.push(offset);
  }
  return offsets.sort((one, other) => one - other);
}
