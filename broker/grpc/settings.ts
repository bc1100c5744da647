/**
 * The settings of a client: what it says of itself, and what the server makes of it (wire.md A.5).
 */
import { SluiceError } from '#lib/errors';
import { CONSUME, MESSAGE, NAME, SESSION } from '#lib/limits';
import { SHOWN } from '#lib/query-limits';
import { assertGroupName, fullName } from '#proto/names';
import type { Call } from '#proto/grpc-transport/call';
import { ClientType } from '#proto/types';
import type {
  DurationInput,
  Resource,
  RetryPolicyInput,
  Settings,
  SettingsInput,
  Subscription,
} from '#proto/types';

import type { ClientFacts, ClientKind, ClientSubscription } from '#broker/client/sessions';
import { assertPullAllowed, assertShared } from '#broker/topic/groups';
import type { Group } from '#broker/topic/groups';
import { resourceName } from '#broker/grpc/resources';
import type { Services } from '#broker/grpc/services';

const KIND_OF_TYPE: Readonly<Record<number, ClientKind>> = {
  [ClientType.PRODUCER]: 'producer',
  [ClientType.PUSH_CONSUMER]: 'push',
  [ClientType.SIMPLE_CONSUMER]: 'simple',
  [ClientType.PULL_CONSUMER]: 'pull',
};

const MS = 1000;

function duration(ms: number): DurationInput {
  return { seconds: Math.floor(ms / MS), nanos: (ms % MS) * 1e6 };
}

/** Java producers need this very kind of policy, or they never finish to start. */
const PRODUCER_BACKOFF: RetryPolicyInput = {
  maxAttempts: SESSION.producerAttempts,
  exponentialBackoff: {
    initial: duration(SESSION.producerBackoffInitialMs),
    max: duration(SESSION.producerBackoffMaxMs),
    multiplier: SESSION.producerBackoffMultiplier,
  },
};

/** What the Node client calls its language. wire.md, traps F.7 */
const NODE = 'HTTP';

/**
 * The waits of the group as they are. Push consumers of an ordered group retry by themselves, and
 * that of Node can't read a list of waits: it would give a message up at the first failure. It gets
 * waits that double, between the first and the last of the list.
 */
function consumerBackoff(group: GroupSettings, { language }: ClientFacts): RetryPolicyInput {
  const { ordered, retryMaxTimes, backoffMs } = group;
  const maxAttempts = retryMaxTimes + 1;
  if (!ordered || language !== NODE) {
    return { maxAttempts, customizedBackoff: { next: backoffMs.map(duration) } };
  }
  const initial = duration(backoffMs[0] ?? 0);
  const max = duration(backoffMs.at(-1) ?? 0);
  return { maxAttempts, exponentialBackoff: { initial, max, multiplier: 2 } };
}

/**
 * @throws SluiceError INVALID_CLIENT_PROPERTIES, UNRECOGNIZED_CLIENT_TYPE, ILLEGAL_CONSUMER_GROUP
 */
export function clientFacts(settings: Settings, call: Call, services: Services): ClientFacts {
  const { clientId, clientVersion, language, peer } = call;
  if (Buffer.byteLength(clientId) > NAME.clientIdBytesMax) {
    const limit = `a client id has at most ${NAME.clientIdBytesMax} bytes`;
    throw new SluiceError('INVALID_CLIENT_PROPERTIES', limit);
  }
  const { publishing, subscription } = settings;
  if (!publishing && !subscription) {
    throw new SluiceError(
      'INVALID_CLIENT_PROPERTIES',
      'settings say what the client publishes or what it subscribes to',
    );
  }
  const said = settings.clientType ?? ClientType.CLIENT_TYPE_UNSPECIFIED;
  const kind = KIND_OF_TYPE[said] ?? (publishing ? 'producer' : undefined);
  if (!kind || (kind === 'producer') !== (publishing !== undefined)) {
    throw new SluiceError('UNRECOGNIZED_CLIENT_TYPE', `clients of type ${said} are not served`);
  }
  const hostname = withinBytes(settings.userAgent?.hostname ?? '', SHOWN.hostnameBytesMax);
  const facts = { clientId, kind, language, version: clientVersion, peer, hostname };
  if (!subscription) {
    const topics = transactionTopics(publishing?.topics ?? [], services);
    return { ...facts, group: undefined, topics };
  }
  const group = resourceName(subscription.group);
  assertGroupName(group);
  return { ...facts, group: fullName(group), subscriptions: subscribed(subscription) };
}

/** A name that is too long says nothing. */
function withinBytes(text: string, bytesMax: number): string {
  return Buffer.byteLength(text) <= bytesMax ? text : '';
}

/** As many as there is room for: a client may name very many. */
function subscribed({ subscriptions }: Subscription): ClientSubscription[] {
  const kept: ClientSubscription[] = [];
  let bytes = 0;
  for (const { topic, expression: filter } of subscriptions.slice(0, SHOWN.subscriptionsMax)) {
    const name = fullName(resourceName(topic));
    const { type: filterType = 0, expression = '' } = filter ?? {};
    bytes += Buffer.byteLength(name) + Buffer.byteLength(expression);
    if (bytes > SHOWN.subscriptionBytesMax) break;
    kept.push({ topic: name, filterType, expression });
  }
  return kept;
}

/** Only where there can be something to ask: a client may name very many topics. */
function transactionTopics(resources: readonly Resource[], { topics }: Services): string[] {
  const names = resources.map((resource) => fullName(resourceName(resource)));
  const known = names.filter((name) => topics.find(name)?.kind === 'transaction');
  return [...new Set(known)].slice(0, SESSION.producerTopicsMax);
}

/** What a consumer is told of its group. */
type GroupSettings = Pick<Group, 'ordered' | 'retryMaxTimes' | 'backoffMs'>;

const DEFAULT_SETTINGS: GroupSettings = {
  ordered: false,
  retryMaxTimes: CONSUME.retriesDefault,
  backoffMs: CONSUME.backoffMs,
};

/** Whether clients of this kind are served at all. @throws SluiceError FORBIDDEN */
export function admitClient({ kind, group }: ClientFacts, { mode, groups }: Services): void {
  const known = groups.find(group ?? '');
  if (kind === 'producer' || (kind === 'pull' && known?.broadcast)) return;
  if (kind === 'pull') mode.admitPull();
  if (!known) return;
  if (kind === 'pull') assertPullAllowed(known);
  else assertShared(known);
}

/** The client's settings with the server's values in them; the same oneof, or clients drop it. */
export async function answerSettings(
  settings: Settings,
  facts: ClientFacts,
  services: Services,
): Promise<SettingsInput> {
  const { clientType, accessPoint, userAgent, clientProperties, publishing } = settings;
  const common: SettingsInput = {
    clientType,
    accessPoint,
    userAgent,
    clientProperties,
    requestTimeout: settings.requestTimeout ?? duration(SESSION.requestTimeoutMs),
    metric: { on: false },
  };
  if (publishing) {
    return {
      ...common,
      backoffPolicy: PRODUCER_BACKOFF,
      publishing: {
        topics: publishing.topics,
        maxBodySize: MESSAGE.bodyBytesMax,
        validateMessageType: true,
      },
    };
  }
  const group = await groupSettings(facts.group ?? '', services);
  return {
    ...common,
    backoffPolicy: consumerBackoff(group, facts),
    subscription: {
      ...settings.subscription,
      fifo: group.ordered,
      receiveBatchSize: CONSUME.receiveBatchMax,
      longPollingTimeout: duration(CONSUME.pollingMaxMs),
    },
  };
}

/**
 * A group that is not there, and is not made, has the usual settings; its calls tell the client.
 */
async function groupSettings(
  name: string,
  { groups, autoCreate }: Services,
): Promise<GroupSettings> {
  const known = groups.find(name);
  if (known) return known;
  if (autoCreate) return groups.create(name);
  return DEFAULT_SETTINGS;
}
