/** A broker's report, checked: whatever is wrong in it is refused before it reaches a client. */
import { SluiceError } from '#lib/errors';
import { isDialable } from '#lib/host-port';
import { FLEET, REGISTRY } from '#lib/fleet-limits';
import { TOPIC } from '#lib/limits';
import { kindName, permissionName } from '#proto/fleet';
import type { BrokerHoldings, BrokerListener, BrokerReport, TopicQueues } from '#proto/fleet-types';
import type { HostPort } from '#lib/host-port';
import { BROKER_NAME } from '#proto/names';
import type { RoutedTopic } from '#proto/route';
import type { BrokerRoutes } from '#nameserver/route-table';

/** Longest name of a topic or group with its namespace: two of 64 and what marks dead letters. */
const FULL_NAME_CHARS_MAX = 160;

/** Throws BAD_REQUEST. */
export function checkReport(report: BrokerReport): void {
  const { broker, identity, generation, version, demand } = report;
  if (broker.length > REGISTRY.brokerNameCharsMax || !BROKER_NAME.test(broker)) {
    throw refusal(
      `a broker's name has 1 to ${REGISTRY.brokerNameCharsMax} letters, digits, ".", "_" and "-"`,
    );
  }
  if (identity === '' || identity.length > REGISTRY.brokerNameCharsMax) {
    throw refusal(`an identity has 1 to ${REGISTRY.brokerNameCharsMax} characters`);
  }
  for (const [name, number] of Object.entries({ generation, version })) {
    if (!Number.isSafeInteger(number) || number < 0) throw refusal(`${name} must not be negative`);
  }
  if (!(demand >= 0 && demand <= FLEET.demandMax)) {
    throw refusal(`a demand is 0 to ${FLEET.demandMax} messages/s, not ${demand}`);
  }
}

/** Throws BAD_REQUEST. */
export function routesOf({ listeners, topics, orderedGroups }: BrokerHoldings): BrokerRoutes {
  bound('listeners', listeners.length, REGISTRY.listenersMax);
  bound('topics', topics.length, TOPIC.topicsMax);
  bound('ordered groups', orderedGroups.length, TOPIC.groupsMax);
  orderedGroups.forEach(checkName);
  return {
    listeners: new Map(listeners.map((listener) => [listener.name, address(listener)])),
    topics: new Map(topics.map((topic) => [topic.name, routedTopic(topic)])),
    orderedGroups: new Set(orderedGroups),
  };
}

function address({ name, host, port }: BrokerListener): HostPort {
  checkName(name);
  if (!isDialable({ host, port })) {
    throw refusal(`the listener ${name} has no host and port that a client could dial`);
  }
  return { host, port };
}

function routedTopic({ name, kind, queues, permission }: TopicQueues): RoutedTopic {
  checkName(name);
  const known = kindName(kind);
  if (!known) throw refusal(`the topic ${name} has the unknown kind ${kind}`);
  if (queues < 1 || queues > TOPIC.queuesMax) {
    throw refusal(`the topic ${name} has ${queues} queues; 1 to ${TOPIC.queuesMax} are allowed`);
  }
  return { kind: known, queues, permission: permissionName(permission) };
}

function checkName(name: string): void {
  if (name !== '' && name.length <= FULL_NAME_CHARS_MAX) return;
  throw refusal(`names have 1 to ${FULL_NAME_CHARS_MAX} characters, this one ${name.length}`);
}

function bound(what: string, count: number, max: number): void {
  if (count > max) throw refusal(`${count} ${what}; at most ${max} are allowed`);
}

function refusal(message: string): SluiceError {
  return new SluiceError('BAD_REQUEST', message);
}
