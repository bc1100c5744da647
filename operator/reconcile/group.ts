/** Brings a consumer group of an instance to what its object says, on every shard. */
import { groupProblems } from '#kube/api/cross-checks';
import { completeGroup, type CompleteGroup } from '#kube/api/defaults';
import type { ConsumerGroup } from '#kube/api/group';
import { FINALIZER } from '#kube/names';
import { GROUPS } from '#kube/resources';
import { OPERATOR } from '#lib/kubernetes-limits';
import type { Group, GroupSummary } from '#proto/admin-types';
import { stalled, type Blocked } from '#operator/reconcile/blocked';
import {
  againMs,
  assertReachable,
  blockedBy,
  declaredConditions,
  homeOf,
  isPaused,
  keepFinalizer,
  nameOf,
  writeDeclaredStatus,
  type Home,
} from '#operator/reconcile/declared';
import type { Outcome, Tools } from '#operator/reconcile/pass';
import { removeDeclared } from '#operator/reconcile/remove-declared';

type Reference = { readonly namespace: string; readonly name: string };

export async function reconcileGroup(
  reference: Reference,
  tools: Tools,
): Promise<Outcome | undefined> {
  const object = tools.caches.get(GROUPS, reference);
  if (!object) return undefined;
  if (object.metadata.deletionTimestamp !== undefined) return removeGroup(object, tools);
  const { summaries, blocked } = await applyGroup(object, tools);
  await writeStatus(object, summaries, blocked, tools);
  return { againMs: againMs(blocked, OPERATOR.lagMs) };
}

interface Applied {
  readonly summaries: readonly GroupSummary[] | undefined;
  readonly blocked: Blocked | undefined;
}

async function applyGroup(object: ConsumerGroup, tools: Tools): Promise<Applied> {
  if (isPaused(object)) return { summaries: undefined, blocked: undefined };
  try {
    const hasToClean = object.spec.deletionPolicy === 'Delete';
    await keepFinalizer(GROUPS, object, FINALIZER.group, hasToClean, tools);
    const home = homeOf(object, tools);
    const [problem] = groupProblems(object, home.object, tools.caches.groupsOf(home.instance));
    if (problem) throw stalled(problem.reason, problem.message);
    return { summaries: await bringTo(object, home, tools), blocked: undefined };
  } catch (error) {
    return { summaries: undefined, blocked: blockedBy(error) };
  }
}

async function bringTo(
  object: ConsumerGroup,
  home: Home,
  { admins }: Tools,
): Promise<readonly GroupSummary[]> {
  assertReachable(
    home.shards.filter(({ isWanted }) => isWanted),
    home,
  );
  const wanted = completeGroup(object, home.instance.edition);
  const { name, ordered, maxAttempts, backoffMs, pullAllowed, broadcast } = wanted;
  const definition = {
    name,
    ordered,
    maxAttempts,
    backoff: { waitsMs: [...backoffMs] },
    pullAllowed,
    broadcast,
  };
  const summaries: GroupSummary[] = [];
  for (const { number, isReady } of home.shards) {
    if (!isReady) continue;
    const admin = admins.of(home.instance, number);
    const summary = (await admin.groups()).get(name);
    if (summary) summaries.push(summary);
    if (summary?.group && isAs(summary.group, wanted)) continue;
    await admin.call(summary ? 'UpdateGroup' : 'CreateGroup', definition);
    admin.forgetLists();
  }
  return summaries;
}

function isAs(group: Group, wanted: CompleteGroup): boolean {
  return (
    group.ordered === wanted.ordered &&
    group.maxAttempts === wanted.maxAttempts &&
    group.pullAllowed === wanted.pullAllowed &&
    group.broadcast === wanted.broadcast &&
    group.backoffMs.join() === wanted.backoffMs.join()
  );
}

function removeGroup(object: ConsumerGroup, tools: Tools): Promise<Outcome | undefined> {
  const removal = {
    type: GROUPS,
    object,
    finalizer: FINALIZER.group,
    remove: () => deleteEverywhere(object, tools),
    say: (blocked: Blocked) => writeStatus(object, undefined, blocked, tools),
  };
  return removeDeclared(removal, tools);
}

async function deleteEverywhere(object: ConsumerGroup, tools: Tools): Promise<void> {
  const name = nameOf(object);
  const home = homeOf(object, tools);
  assertReachable(home.shards, home);
  for (const { number } of home.shards) {
    const admin = tools.admins.of(home.instance, number);
    if (!(await admin.groups()).has(name)) continue;
    await admin.call('DeleteGroup', { name });
    admin.forgetLists();
  }
}

async function writeStatus(
  object: ConsumerGroup,
  summaries: readonly GroupSummary[] | undefined,
  blocked: Blocked | undefined,
  tools: Tools,
): Promise<void> {
  const { generation = 0 } = object.metadata;
  const lag = summaries ? sum(summaries.map((each) => each.lag)) : object.status?.lag;
  const members = summaries
    ? Math.max(0, ...summaries.map((each) => each.members))
    : object.status?.members;
  const good = `${nameOf(object)} is on every shard`;
  await writeDeclaredStatus(
    GROUPS,
    object,
    {
      observedGeneration: generation,
      conditions: declaredConditions(object, blocked, good, tools),
      name: nameOf(object),
      ordered: object.spec.ordered ?? false,
      ...(lag === undefined ? {} : { lag }),
      ...(members === undefined ? {} : { members }),
    },
    tools,
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
