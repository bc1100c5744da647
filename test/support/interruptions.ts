/** Changes that an operator is killed in, at any of its writes, and that another one finishes. */
import { GROUPS, INSTANCES, TOPICS } from '#kube/resources';
import { InterruptedClient, type Interruption } from '#support/interrupted-client';
import type { Site } from '#support/reconcile-stand';
import { ZONES } from '#support/reconcile-stand';
import { stateOf } from '#support/site-state';
import { until } from '#support/until';

const PATIENCE_MS = 60_000;
/** Drains wait: time goes on by so much with every look. */
const STEP_MS = 20_000;
const NEVER: Interruption = { at: Number.POSITIVE_INFINITY, isDone: true };

/** One change of an instance, and how many shards it has afterwards. */
export interface Change {
  readonly name: string;
  readonly shards: number;
  make(site: Site, instance: string, round: number): Promise<unknown>;
}

const patching = (value: object) => (site: Site, instance: string) =>
  site.desk.patch(INSTANCES, instance, { spec: value });

const EXTERNAL = { name: 'external', type: 'NodePort' };

/** In this order; after the last one all is as before the first one, but for the volumes. */
export const CHANGES: readonly Change[] = [
  {
    name: 'rolling update',
    shards: 2,
    make: (site, instance, round) =>
      patching({ brokerResources: { cpuRequest: `${100 + round}m` } })(site, instance),
  },
  { name: 'scale out', shards: 3, make: patching({ shards: 3 }) },
  { name: 'scale in', shards: 2, make: patching({ shards: 2 }) },
  {
    name: 'storage growth',
    shards: 2,
    make: (site, instance, round) =>
      patching({ capacity: { storage: `${10 + round}Gi` } })(site, instance),
  },
  { name: 'new listener', shards: 2, make: patching({ listeners: [EXTERNAL] }) },
  { name: 'listener removal', shards: 2, make: patching({ listeners: null }) },
  {
    name: 'new topic',
    shards: 2,
    make: (site, instance) =>
      site.desk.topic(`${instance}-passing`, {
        instanceRef: { name: instance },
        name: 'passing',
        queues: 3,
        deletionPolicy: 'Delete',
      }),
  },
  {
    name: 'topic removal',
    shards: 2,
    make: (site, instance) => site.desk.remove(TOPICS, `${instance}-passing`),
  },
];

export const CREATION: Change = {
  name: 'creation',
  shards: 2,
  make: async (site, instance) => {
    const instanceRef = { name: instance };
    await site.desk.topic(`${instance}-wide`, {
      instanceRef,
      name: 'wide',
      queues: 5,
      spread: 'AllShards',
    });
    await site.desk.group(`${instance}-readers`, { instanceRef, name: 'readers' });
    await site.desk.instance(instance, {
      edition: 'Platinum',
      shards: 2,
      nameServers: 1,
      zones: ZONES,
    });
  },
};

export interface Run {
  /** Of the first operator. */
  readonly writes: readonly string[];
  readonly isInterrupted: boolean;
  /** In the end. */
  readonly state: readonly string[];
}

/** Makes the change, kills the operator at one of its writes, and lets another one finish. */
export async function runChange(
  site: Site,
  instance: string,
  change: Change,
  round: number,
  interruption: Interruption = NEVER,
): Promise<Run> {
  const client = new InterruptedClient(site.client, interruption);
  await change.make(site, instance, round);
  const first = await site.startOperator({ client });
  await until(
    PATIENCE_MS,
    async () => client.isKilled || (await isDone(site, instance, change.shards)),
    () => `${change.name} does not end`,
  );
  await site.stopOperator(first);
  const { isKilled, writes } = client;
  if (isKilled) {
    const second = await site.startOperator();
    await until(
      PATIENCE_MS,
      () => isDone(site, instance, change.shards),
      () => `${change.name}, killed at ${interruption.at} (${writes.join('; ')}), does not end`,
    );
    await site.stopOperator(second);
  }
  return { writes, isInterrupted: isKilled, state: await stateOf(site, instance, change.shards) };
}

/** Nothing is left to do, for the instance and all that was declared for it. */
async function isDone({ desk, clock }: Site, name: string, shards: number): Promise<boolean> {
  clock.forward(STEP_MS);
  const instance = await desk.get(INSTANCES, name);
  if (!instance) return false;
  if (!says(instance, 'Quiesced')) {
    // It is looked at now, and not in two seconds.
    const annotations = { looks: String((looks += 1)) };
    await desk.patch(INSTANCES, name, { metadata: { annotations } });
    return false;
  }
  const groups = await desk.list(GROUPS);
  const topics = await desk.list(TOPICS);
  const declared = [...groups, ...topics].filter((each) => each.spec.instanceRef.name === name);
  const wide = topics.find(({ metadata }) => metadata.name === `${name}-wide`);
  return (
    wide?.status?.shards?.length === shards &&
    declared.every((each) => each.metadata.deletionTimestamp === undefined && says(each, 'Ready'))
  );
}

let looks = 0;

function says(
  object: {
    metadata: { generation?: number };
    status?: {
      observedGeneration?: number | undefined;
      conditions?: readonly { type: string; status: string }[] | undefined;
    };
  },
  type: string,
): boolean {
  const { status, metadata } = object;
  if (status?.observedGeneration !== metadata.generation) return false;
  return status?.conditions?.find((each) => each.type === type)?.status === 'True';
}
