/** One pass over an instance: from what is wanted and what there is, to a step and a status. */
import { conditionsOf, type Condition } from '#kube/api/conditions';
import { completeInstance } from '#kube/api/defaults';
import type { Instance, InstanceStatus } from '#kube/api/instance';
import { ANNOTATION, API_VERSION } from '#kube/names';
import { INSTANCES } from '#kube/resources';
import type { Reference } from '#kube/types';
import { OPERATOR } from '#lib/kubernetes-limits';
import { findings } from '#operator/conditions/all';
import { Blocked } from '#operator/reconcile/blocked';
import { factsOf } from '#operator/reconcile/facts';
import { instanceStatus } from '#operator/reconcile/instance-status';
import type { Outcome, Pass, Step, Tools } from '#operator/reconcile/pass';
import { sameStatus } from '#operator/reconcile/same-status';
import { ensureObjects } from '#operator/reconcile/steps/ensure-objects';
import { growStorage } from '#operator/reconcile/steps/grow-storage';
import { keepLimits } from '#operator/reconcile/steps/keep-limits';
import { prune } from '#operator/reconcile/steps/prune';
import { readBrokers } from '#operator/reconcile/steps/read-brokers';
import { refreshSettings } from '#operator/reconcile/steps/refresh-settings';
import { rollPods } from '#operator/reconcile/steps/roll-pods';
import { scaleIn } from '#operator/reconcile/steps/scale-in';
import { settle } from '#operator/reconcile/steps/settle';

/** In this order; one that is blocked keeps those after it from running. */
const STEPS: readonly Step[] = [
  keepLimits,
  readBrokers,
  ensureObjects,
  prune,
  growStorage,
  refreshSettings,
  scaleIn,
  rollPods,
  settle,
];

/** Conditions whose changes are events, too. */
const TOLD: readonly string[] = [
  'Ready',
  'Reconciling',
  'Stalled',
  'QuotaExceeded',
  'DiskPressure',
];

/** Undefined: nothing is there to look after. */
export async function reconcileInstance(
  reference: Required<Reference> & { namespace: string },
  tools: Tools,
): Promise<Outcome | undefined> {
  const object = tools.caches.get(INSTANCES, reference);
  // Children go with their owner; volumes stay unless the spec says otherwise.
  if (!object || object.metadata.deletionTimestamp !== undefined) {
    tools.admins.forget(reference);
    return undefined;
  }
  const isPaused = object.metadata.annotations?.[ANNOTATION.paused] === 'true';
  const pass = passOver(object, tools);
  const blocked = isPaused ? undefined : await runSteps(pass, tools);
  await writeStatus(pass, blocked, isPaused, tools);
  if (isPaused) return { againMs: OPERATOR.quietMs };
  const isBusy = pass.notes.length > 0 || (blocked && !blocked.isStalled);
  return { againMs: isBusy ? OPERATOR.busyMs : OPERATOR.quietMs };
}

function passOver(object: Instance, tools: Tools): Pass {
  const instance = completeInstance(object, tools.image);
  return {
    object,
    instance,
    facts: factsOf(instance, tools.caches),
    brokers: new Map(),
    notes: [],
    revision: undefined,
    scaleIn: undefined,
    wanted: [],
  };
}

async function runSteps(pass: Pass, tools: Tools): Promise<Blocked | undefined> {
  try {
    for (const step of STEPS) await step(pass, tools);
    return undefined;
  } catch (error) {
    if (error instanceof Blocked) return error;
    throw error;
  }
}

async function writeStatus(
  pass: Pass,
  blocked: Blocked | undefined,
  isPaused: boolean,
  tools: Tools,
): Promise<void> {
  const { object, instance, facts, brokers, notes } = pass;
  const { client, clock } = tools;
  const { generation = 0, namespace, name } = object.metadata;
  const before = object.status?.conditions ?? [];
  const found = findings({ instance, facts, brokers, notes, blocked, isPaused });
  const conditions = conditionsOf(found, before, { generation, nowMs: clock.nowMs() });
  const status: InstanceStatus = {
    observedGeneration: generation,
    conditions,
    ...(isPaused ? withoutConditions(object.status) : instanceStatus(pass, tools)),
  };
  if (sameStatus(object.status, status)) return;
  await client.applyStatus(INSTANCES, {
    apiVersion: API_VERSION,
    kind: INSTANCES.kind,
    metadata: { namespace, name },
    status,
  } as Instance);
  tellChanges(before, conditions, object, tools);
}

function withoutConditions(status: InstanceStatus | undefined): Partial<InstanceStatus> {
  const { conditions: _, observedGeneration: __, ...rest } = status ?? {};
  return rest;
}

/** What a person should see in `kubectl describe` afterwards, too. */
function tellChanges(
  before: readonly Condition[],
  now: readonly Condition[],
  object: Instance,
  { events }: Tools,
): void {
  const about = { ...object, apiVersion: API_VERSION, kind: INSTANCES.kind };
  for (const { type, status, reason, message } of now) {
    const last = before.find((condition) => condition.type === type);
    if (last?.status === status && last.reason === reason) continue;
    // What is being made is not ready yet: no warning.
    const wasReady = type === 'Ready' && last?.status === 'True';
    const isBad = (type === 'Stalled' && status === 'True') || (wasReady && status === 'False');
    const isNews = isBad || status === 'True';
    if (!isNews || !TOLD.includes(type)) continue;
    events.record(about, { type: isBad ? 'Warning' : 'Normal', reason, message });
  }
}
