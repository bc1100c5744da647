/** The pods of hollow nodes: nothing runs, but their status says that it does. */
import type {
  V1ContainerStatus,
  V1Pod,
  V1PodCondition,
  V1PodStatus,
} from '@kubernetes/client-node';
import { KubeError, type KubeClient } from '#kube/client';
import { PODS } from '#kube/resources';
import { unrestricted } from '#support/cluster';

const ALL_PODS = unrestricted(PODS);

/** What a test wants of the pods of a name, also of those to come. */
export type PodWish = { readonly kind: 'unready' } | { readonly kind: 'fail'; reason: string };

/** The pod, as the node that it is on sees it. */
interface HollowPod {
  readonly pod: V1Pod;
  readonly hostIp: string;
  readonly podIp: string;
  /** How often its node came back. */
  readonly starts: number;
  readonly startedAt: string;
  readonly wish: PodWish | undefined;
}

/** A pod that can't begin to run for these reasons is Pending. */
const BEFORE_START = /Image|Config/;

/** Times are text, as in all that goes over the wire. */
function statusOf(hollow: HollowPod): V1PodStatus {
  const { pod, hostIp, podIp, startedAt, wish } = hollow;
  const isReady = wish === undefined;
  const isFailing = wish?.kind === 'fail';
  const status = {
    phase: isFailing && BEFORE_START.test(wish.reason) ? 'Pending' : 'Running',
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    podIP: podIp,
    podIPs: [{ ip: podIp }],
    startTime: startedAt,
    conditions: [
      condition('Initialized', true, startedAt),
      condition('ContainersReady', isReady, startedAt),
      condition('Ready', isReady, startedAt),
    ],
    containerStatuses: (pod.spec?.containers ?? []).map(({ name, image = '' }) =>
      containerStatus(name, image, hollow),
    ),
  };
  return status as unknown as V1PodStatus;
}

function containerStatus(
  name: string,
  image: string,
  { starts, startedAt, wish }: HollowPod,
): V1ContainerStatus {
  const state =
    wish?.kind === 'fail'
      ? { waiting: { reason: wish.reason, message: `hollow: ${wish.reason}` } }
      : { running: { startedAt: startedAt as unknown as Date } };
  return {
    name,
    image,
    imageID: `hollow://${image}`,
    containerID: `hollow://${name}`,
    ready: wish === undefined,
    started: wish?.kind !== 'fail',
    restartCount: starts,
    state,
  };
}

function condition(type: string, is: boolean, since: string): V1PodCondition {
  return {
    type,
    status: is ? 'True' : 'False',
    lastTransitionTime: since as unknown as Date,
    ...(!is && { reason: 'ContainersNotReady', message: 'hollow: a test wants it so' }),
  };
}

/** False: the pod is gone, or another one has its name now. */
export async function postStatus(client: KubeClient, hollow: HollowPod): Promise<boolean> {
  const { name = '', namespace = '', uid = '' } = hollow.pod.metadata ?? {};
  const status = statusOf(hollow);
  return unlessGone(() =>
    client.applyStatus(ALL_PODS, { metadata: { name, namespace, uid }, status }),
  );
}

/** What a kubelet does at the end: only now the pod is really gone. */
export async function removePod(client: KubeClient, { metadata }: V1Pod): Promise<boolean> {
  const { name = '', namespace, uid } = metadata ?? {};
  return unlessGone(() => client.delete(ALL_PODS, { name, namespace }, { uid, graceSeconds: 0 }));
}

const GONE: readonly number[] = [404, 409];

async function unlessGone(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    if (error instanceof KubeError && GONE.includes(error.status)) return false;
    throw error;
  }
}
