/** What is not as it should be: conditions of our objects, and pods that do not run. */
import type { V1Pod } from '@kubernetes/client-node';
import type { Condition } from '#kube/api/conditions';
import { ANNOTATION } from '#kube/names';
import type { KubeObject } from '#kube/types';

export interface Problem {
  /** `Ready is False (ShardsNotReady)` */
  readonly what: string;
  /** What a person can do, if anything. */
  readonly message: string;
  /** False for what only needs time, or was asked for. */
  readonly isSerious: boolean;
}

interface Expectation {
  readonly status: 'True' | 'False';
  readonly isSerious: boolean;
}

const SERIOUS = true;
const PASSING = false;

/** How the conditions of a healthy object are; those of others are not known here. */
const EXPECTED: Readonly<Record<string, Expectation>> = {
  Ready: { status: 'True', isSerious: SERIOUS },
  Stalled: { status: 'False', isSerious: SERIOUS },
  DiskPressure: { status: 'False', isSerious: SERIOUS },
  CertificateExpiring: { status: 'False', isSerious: SERIOUS },
  ZonesSatisfied: { status: 'True', isSerious: SERIOUS },
  QuotaExceeded: { status: 'False', isSerious: PASSING },
  Reconciling: { status: 'False', isSerious: PASSING },
  Quiesced: { status: 'True', isSerious: PASSING },
  SafeToRestart: { status: 'True', isSerious: PASSING },
};

interface Reconciled extends KubeObject {
  readonly status?: {
    readonly observedGeneration?: number | undefined;
    readonly conditions?: readonly Condition[] | undefined;
  };
}

/** Those of an instance, a topic or a group; the gravest first. */
export function problemsOf(object: Reconciled): readonly Problem[] {
  const conditions = (object.status?.conditions ?? []).flatMap(conditionProblem);
  const all = [...lifeProblems(object), ...conditions];
  return [...all.filter(({ isSerious }) => isSerious), ...all.filter((each) => !each.isSerious)];
}

function conditionProblem({ type, status, reason, message }: Condition): readonly Problem[] {
  const expected = EXPECTED[type];
  if (expected === undefined || expected.status === status) return [];
  const what = `${type} is ${status} (${reason})`;
  return [{ what, message, isSerious: expected.isSerious }];
}

/** What conditions can't say: nobody wrote them, or they are about an older spec. */
function lifeProblems({ metadata, status }: Reconciled): readonly Problem[] {
  const { deletionTimestamp, finalizers = [], annotations, generation = 0 } = metadata ?? {};
  if (deletionTimestamp !== undefined) {
    const message = finalizers.length > 0 ? `waits for ${finalizers.join(', ')}` : '';
    return [{ what: 'it is being deleted', message, isSerious: false }];
  }
  if (annotations?.[ANNOTATION.paused] === 'true') {
    const message = `the annotation ${ANNOTATION.paused} stops the operator; remove it to go on`;
    return [{ what: 'it is paused', message, isSerious: false }];
  }
  if (status?.observedGeneration === undefined) {
    const message = 'does the operator run, and does it watch this namespace?';
    return [{ what: 'the operator has not looked at it yet', message, isSerious: true }];
  }
  if (status.observedGeneration < generation) {
    const what = `the operator has not looked at the latest change yet`;
    const message = `generation ${generation}, it knows ${status.observedGeneration}; does it run?`;
    return [{ what, message, isSerious: false }];
  }
  return [];
}

/** As short as `kubectl get pods` says it. */
export function podStatus(pod: V1Pod | undefined): string {
  if (pod === undefined) return 'Missing';
  if (pod.metadata?.deletionTimestamp !== undefined) return 'Terminating';
  const waiting = containerStates(pod).find((state) => state.waiting?.reason !== undefined);
  if (waiting?.waiting?.reason !== undefined) return waiting.waiting.reason;
  const phase = pod.status?.phase ?? 'Pending';
  if (phase !== 'Running') return phase;
  return conditionOf(pod, 'Ready')?.status === 'True' ? 'Ready' : 'NotReady';
}

/** Why it does not run, in the words of the scheduler or of its node. */
export function podProblems(pod: V1Pod | undefined, name: string): readonly Problem[] {
  const status = podStatus(pod);
  if (status === 'Ready' || status === 'Terminating') return [];
  const scheduled = pod && conditionOf(pod, 'PodScheduled');
  const waiting = pod && containerStates(pod).find((state) => state.waiting?.message !== undefined);
  const ended = pod?.status?.containerStatuses?.find((each) => each.lastState?.terminated);
  const code = ended?.lastState?.terminated;
  const message =
    (scheduled?.status === 'False' ? scheduled.message : undefined) ??
    waiting?.waiting?.message ??
    (code && `it ended with ${code.exitCode} (${code.reason ?? 'unknown'}) before`) ??
    '';
  return [{ what: `pod ${name} is ${status}`, message, isSerious: true }];
}

function containerStates({ status }: V1Pod) {
  return (status?.containerStatuses ?? []).flatMap(({ state }) => (state ? [state] : []));
}

function conditionOf({ status }: V1Pod, type: string) {
  return status?.conditions?.find((condition) => condition.type === type);
}
