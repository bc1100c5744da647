/**
 * Shards that the spec no longer has: they take no more messages, are removed once every group has
 * read what is there, and leave their volume behind.
 */
import { API_VERSION, childName } from '#kube/names';
import { INSTANCES, SERVICES, STATEFUL_SETS } from '#kube/resources';
import { OPERATOR } from '#lib/kubernetes-limits';
import { Blocked } from '#operator/reconcile/blocked';
import { blockedBy } from '#operator/reconcile/declared';
import type { ShardFacts } from '#operator/reconcile/facts';
import type { Pass, Step, Tools } from '#operator/reconcile/pass';
import { unseen, type Unread } from '#operator/reconcile/steps/unseen';

/** When it was first seen that nothing is left to read, on the StatefulSet of a shard. */
const DRAIN = {
  /** From then on the shard is read only; until then clients learn of the other shards. */
  readOnlyFrom: 'mq.sluice.dev/read-only-from',
  emptySince: 'mq.sluice.dev/empty-since',
} as const;

export const scaleIn: Step = async (pass, tools) => {
  for (const shard of pass.facts.shards) {
    if (shard.isWanted) await stay(shard, pass, tools);
    else await drain(shard, pass, tools);
  }
};

/** Numbers of the shards that take no more messages. */
export function readOnlyShards({ facts }: Pass, { clock }: Tools): ReadonlySet<number> {
  const nowMs = clock.nowMs();
  const draining = facts.shards.filter(({ isWanted, set }) => {
    const from = timeOf(set, DRAIN.readOnlyFrom);
    return !isWanted && from !== undefined && from <= nowMs;
  });
  return new Set(draining.map(({ number }) => number));
}

/** It was to go and is wanted again. */
async function stay({ set, broker }: ShardFacts, { instance }: Pass, tools: Tools): Promise<void> {
  const marks = Object.values(DRAIN).filter((mark) => set?.metadata?.annotations?.[mark]);
  if (marks.length === 0) return;
  const gone = Object.fromEntries(marks.map((mark) => [mark, null]));
  await annotate(instance.namespace, broker, gone, tools);
}

async function drain(shard: ShardFacts, pass: Pass, tools: Tools): Promise<void> {
  const { set, broker, number } = shard;
  const { notes } = pass;
  if (!set || set.metadata?.deletionTimestamp !== undefined) {
    notes.push({ reason: 'ScalingIn', message: `${broker} is being removed` });
    return;
  }
  const say = (message: string): void => {
    notes.push({ reason: 'ScalingIn', message: `${broker} is to be removed: ${message}` });
  };
  const nowMs = tools.clock.nowMs();
  const readOnlyFrom = timeOf(set, DRAIN.readOnlyFrom);
  if (readOnlyFrom === undefined) return begin(shard, pass, tools, say);
  if (nowMs < readOnlyFrom) return say('clients are learning of the shards that stay');
  const status = pass.brokers.get(number);
  if (!status) return say('its broker does not answer, so what is left to read is not known');
  if (!status.readOnly || status.fleetRevision !== pass.revision) {
    return say('it is being told to take no more messages');
  }
  const left = await leftToRead(shard, pass, tools);
  if (left instanceof Blocked) return say(left.message);
  const { unread, deadLetters, scheduled } = left;
  const messages = unread.reduce((sum, each) => sum + each.messages, 0);
  pass.scaleIn = {
    shard: broker,
    unreadMessages: messages,
    deadLetters,
    waitingFor: unread
      .slice(0, OPERATOR.unreadShown)
      .map(({ group, topic, messages: count }) => ({ group, topic, messages: count })),
  };
  if (messages > 0 || scheduled) return stillUnread(shard, pass, tools, say);
  return empty(shard, pass, tools, say);
}

interface LeftToRead {
  readonly unread: readonly Unread[];
  readonly deadLetters: number;
  /** Messages wait for their time. */
  readonly scheduled: boolean;
}

/** Blocked: it is not known now. */
async function leftToRead(
  shard: ShardFacts,
  pass: Pass,
  tools: Tools,
): Promise<LeftToRead | Blocked> {
  try {
    const left = await tools.admins.of(pass.instance, shard.number).unread();
    return { ...left, unread: [...left.unread, ...(await unseen(shard, pass, tools))] };
  } catch (error) {
    return blockedBy(error);
  }
}

/**
 * Topics that are nowhere else are made on the shards that stay first; clients need until their
 * next look at the routes to learn of that.
 */
async function begin(
  { broker }: ShardFacts,
  { instance }: Pass,
  tools: Tools,
  say: (message: string) => void,
): Promise<void> {
  const staying = new Set(
    Array.from({ length: instance.shards }, (_, number) => childName.shard(instance.name, number)),
  );
  const homeless = tools.caches.topicsOf(instance).find(({ spec, status }) => {
    const shards = status?.shards?.map(({ name }) => name) ?? [];
    return shards.length > 0 && !shards.some((name) => staying.has(name)) && !isFifo(spec.kind);
  });
  if (homeless) return say(`the topic ${homeless.metadata.name} is not on another shard yet`);
  const waitMs = tools.caches.topicsOf(instance).length > 0 ? OPERATOR.routeRefreshMs : 0;
  const from = new Date(tools.clock.nowMs() + waitMs).toISOString();
  await annotate(instance.namespace, broker, { [DRAIN.readOnlyFrom]: from }, tools);
  say('clients are learning of the shards that stay');
}

/** Their order would be lost if they went on elsewhere before all is read here. */
function isFifo(kind: string | undefined): boolean {
  return kind === 'Fifo' || kind === 'GlobalFifo';
}

async function stillUnread(
  { set, broker }: ShardFacts,
  { instance, scaleIn: progress }: Pass,
  tools: Tools,
  say: (message: string) => void,
): Promise<void> {
  if (timeOf(set, DRAIN.emptySince) !== undefined) {
    await annotate(instance.namespace, broker, { [DRAIN.emptySince]: null }, tools);
  }
  const { unreadMessages = 0, waitingFor = [] } = progress ?? {};
  if (unreadMessages === 0) return say('scheduled messages still wait for their time');
  const groups = waitingFor.map(
    ({ group, topic, messages }) => `${group} on ${topic} (${messages})`,
  );
  say(
    `${unreadMessages} messages are still to be read, by ${groups.join(', ')}; ` +
      'a group that is not used any more can be deleted, or its position reset',
  );
}

/** Seen empty twice, with time between: what was on its way when it became read only is in. */
async function empty(
  shard: ShardFacts,
  { object, instance, scaleIn: progress }: Pass,
  tools: Tools,
  say: (message: string) => void,
): Promise<void> {
  const { broker, set, number } = shard;
  const nowMs = tools.clock.nowMs();
  const since = timeOf(set, DRAIN.emptySince);
  if (since === undefined || nowMs - since < OPERATOR.emptyForMs) {
    if (since === undefined) {
      const mark = { [DRAIN.emptySince]: new Date(nowMs).toISOString() };
      await annotate(instance.namespace, broker, mark, tools);
    }
    return say('everything is read; looking once more');
  }
  const { namespace } = instance;
  // The volume stays, also where those of the instance go with it: its StatefulSet says so by now.
  if ((shard.claim?.metadata?.ownerReferences?.length ?? 0) > 0) {
    return say('everything is read; its volume is being let go of');
  }
  const { uid } = set?.metadata ?? {};
  await tools.client.delete(STATEFUL_SETS, { namespace, name: broker }, { uid });
  await tools.client.delete(SERVICES, { namespace, name: broker });
  const letters = progress?.deadLetters ?? 0;
  const left = letters > 0 ? ` with ${letters} dead letters on it` : '';
  const message = `${broker} was read to the end and is removed; its volume stays${left}`;
  const about = { ...object, apiVersion: API_VERSION, kind: INSTANCES.kind };
  tools.events.record(about, { type: 'Normal', reason: 'ShardRemoved', message });
  tools.log.info({ namespace, shard: number }, 'a shard is removed');
  say('its pod is stopping');
}

function timeOf(set: ShardFacts['set'], mark: string): number | undefined {
  const text = set?.metadata?.annotations?.[mark];
  const timeMs = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

async function annotate(
  namespace: string,
  name: string,
  annotations: Record<string, string | null>,
  { client }: Tools,
): Promise<void> {
  await client.mergePatch(STATEFUL_SETS, { namespace, name }, { metadata: { annotations } });
}
