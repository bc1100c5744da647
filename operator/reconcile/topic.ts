/** Brings a topic of an instance to what its object says, on every shard that it is on. */
import { topicProblems } from '#kube/api/cross-checks';
import { completeTopic } from '#kube/api/defaults';
import type { Topic as TopicObject, TopicStatus } from '#kube/api/topic';
import { childName, FINALIZER } from '#kube/names';
import { TOPICS } from '#kube/resources';
import { OPERATOR } from '#lib/kubernetes-limits';
import type { Topic } from '#proto/admin-types';
import { stalled, waiting, type Blocked } from '#operator/reconcile/blocked';
import {
  againMs,
  assertReachable,
  blockedBy,
  declaredConditions,
  homeOf,
  isPaused,
  keepFinalizer,
  nameOf,
  shardNamed,
  writeDeclaredStatus,
  type Home,
} from '#operator/reconcile/declared';
import type { Outcome, Tools } from '#operator/reconcile/pass';
import { removeDeclared } from '#operator/reconcile/remove-declared';
import { grown, spreadQueues, totalQueues, type Placement } from '#operator/reconcile/spread';
import { kindNumber, permissionNumber } from '#operator/reconcile/topic-words';

type Reference = { readonly namespace: string; readonly name: string };

export async function reconcileTopic(
  reference: Reference,
  tools: Tools,
): Promise<Outcome | undefined> {
  const object = tools.caches.get(TOPICS, reference);
  if (!object) return undefined;
  if (object.metadata.deletionTimestamp !== undefined) return removeTopic(object, tools);
  const { placement, blocked } = await applyTopic(object, tools);
  await writeStatus(object, placement, blocked, tools);
  return { againMs: againMs(blocked, OPERATOR.resyncMs) };
}

interface Applied {
  /** As it is, or as it is to be; undefined while nothing is known. */
  readonly placement: Placement | undefined;
  readonly blocked: Blocked | undefined;
}

async function applyTopic(object: TopicObject, tools: Tools): Promise<Applied> {
  if (isPaused(object)) return { placement: undefined, blocked: undefined };
  let placement: Placement | undefined;
  try {
    const hasToClean = object.spec.deletionPolicy === 'Delete';
    await keepFinalizer(TOPICS, object, FINALIZER.topic, hasToClean, tools);
    const home = homeOf(object, tools);
    const [problem] = topicProblems(
      object,
      undefined,
      home.object,
      tools.caches.topicsOf(home.instance),
    );
    if (problem) throw stalled(problem.reason, problem.message);
    const has = await topicAtShards(nameOf(object), home, tools);
    placement = placementOf(object, home, has);
    await plan(object, placement, home, tools);
    await bringTo(object, placement, home, has, tools);
    return { placement, blocked: undefined };
  } catch (error) {
    return { placement, blocked: blockedBy(error) };
  }
}

type AtShards = ReadonlyMap<number, Topic>;

async function topicAtShards(name: string, home: Home, { admins }: Tools): Promise<AtShards> {
  assertReachable(
    home.shards.filter(({ isWanted }) => isWanted),
    home,
  );
  const found = await Promise.all(
    home.shards
      .filter(({ isReady }) => isReady)
      .map(async ({ number }) => {
        const topics = await admins.of(home.instance, number).topics();
        return [number, topics.get(name)] as const;
      }),
  );
  return new Map(found.flatMap(([number, topic]) => (topic ? [[number, topic] as const] : [])));
}

/** Pure: the queues that each shard is to have. Throws Blocked where that can't be. */
export function placementOf(object: TopicObject, home: Home, has: AtShards): Placement {
  const { name, kind, queues, spread } = completeTopic(object);
  assertKind(object, has);
  const staying = home.shards.filter(({ isWanted }) => isWanted).map(({ number }) => number);
  const known = knownShards(object, home, has);
  const leaving = [...has.keys()].filter((number) => !staying.includes(number));
  const stayed = known.filter((number) => staying.includes(number));
  if (stayed.length === 0 && leaving.length > 0 && isFifo(kind)) {
    throw waiting(
      'WaitingForDrain',
      `${name} keeps its order: it goes on elsewhere once its shard is read to the end`,
    );
  }
  const where = spread === 'AllShards' || stayed.length === 0 ? staying : stayed;
  const there = new Map(
    [...has]
      .filter(([shard]) => staying.includes(shard))
      .map(([shard, topic]) => [shard, topic.queues]),
  );
  // A topic that lost a shard keeps the queues it has left, unless it may grow.
  const isKept = home.instance.edition === 'Standard' && there.size === where.length;
  return isKept ? there : grown(spreadQueues(name, queues, where), there);
}

/** Where it is by plan; the plan is written before the first broker is asked to make it. */
function knownShards({ status }: TopicObject, { instance }: Home, has: AtShards): number[] {
  const planned = status?.shards?.flatMap(({ name }) => shardNamed(instance.name, name) ?? []);
  return planned && planned.length > 0 ? planned : [...has.keys()];
}

function isFifo(kind: TopicObject['spec']['kind']): boolean {
  return kind === 'Fifo' || kind === 'GlobalFifo';
}

function assertKind(object: TopicObject, has: AtShards): void {
  const { name, kind: wanted } = completeTopic(object);
  for (const { kind } of has.values()) {
    if (kind === kindNumber(wanted)) continue;
    throw stalled(
      'KindConflict',
      `the brokers have a topic ${name} of another kind than ${wanted}; ` +
        'delete it there, or use another name',
    );
  }
}

async function plan(
  object: TopicObject,
  placement: Placement,
  { instance }: Home,
  tools: Tools,
): Promise<void> {
  if (object.status?.shards !== undefined && object.status.shards.length > 0) return;
  const status: TopicStatus = {
    ...object.status,
    conditions: [...(object.status?.conditions ?? [])],
    shards: shardsOf(placement, instance.name),
  };
  await writeDeclaredStatus(TOPICS, object, status, tools);
}

async function bringTo(
  object: TopicObject,
  placement: Placement,
  { instance }: Home,
  has: AtShards,
  { admins }: Tools,
): Promise<void> {
  const { name, ...words } = completeTopic(object);
  const permission = permissionNumber(words.permission);
  const kind = kindNumber(words.kind);
  for (const [shard, queues] of placement) {
    const admin = admins.of(instance, shard);
    const topic = has.get(shard);
    if (!topic) {
      await admin.topicChanged(await admin.call('CreateTopic', { name, kind, queues, permission }));
    } else if (topic.queues !== queues || topic.permission !== permission) {
      await admin.topicChanged(await admin.call('UpdateTopic', { name, queues, permission }));
    }
  }
}

function removeTopic(object: TopicObject, tools: Tools): Promise<Outcome | undefined> {
  const removal = {
    type: TOPICS,
    object,
    finalizer: FINALIZER.topic,
    remove: () => deleteEverywhere(object, tools),
    say: (blocked: Blocked) => writeStatus(object, undefined, blocked, tools),
  };
  return removeDeclared(removal, tools);
}

async function deleteEverywhere(object: TopicObject, tools: Tools): Promise<void> {
  const name = nameOf(object);
  const home = homeOf(object, tools);
  assertReachable(home.shards, home);
  for (const [shard] of await topicAtShards(name, home, tools)) {
    const admin = tools.admins.of(home.instance, shard);
    await admin.call('DeleteTopic', { name });
    admin.forgetLists();
  }
}

async function writeStatus(
  object: TopicObject,
  placement: Placement | undefined,
  blocked: Blocked | undefined,
  tools: Tools,
): Promise<void> {
  const { generation = 0 } = object.metadata;
  const { instanceRef } = object.spec;
  const { name, kind } = completeTopic(object);
  const shards = placement ? shardsOf(placement, instanceRef.name) : object.status?.shards;
  const queues = placement ? totalQueues(placement) : object.status?.queues;
  const good = `${queues} queues on ${shards?.map((shard) => shard.name).join(', ')}`;
  await writeDeclaredStatus(
    TOPICS,
    object,
    {
      observedGeneration: generation,
      conditions: declaredConditions(object, blocked, good, tools),
      name,
      kind,
      ...(queues === undefined ? {} : { queues }),
      ...(shards === undefined ? {} : { shards }),
    },
    tools,
  );
}

function shardsOf(placement: Placement, instance: string): { name: string; queues: number }[] {
  return [...placement].map(([shard, queues]) => ({
    name: childName.shard(instance, shard),
    queues,
  }));
}
