/** What the operator knows of the cluster when it is asked about an object. */
import type { ConsumerGroup } from '#kube/api/group';
import type { Instance } from '#kube/api/instance';
import type { Topic } from '#kube/api/topic';

/** From caches: an answer takes no call. They may be a little behind; the reconcile is not. */
export interface Known {
  instances(): Iterable<Instance>;
  topics(): Iterable<Topic>;
  groups(): Iterable<ConsumerGroup>;
}

/** The instance that a topic or a group names. */
export function instanceOf(
  { metadata, spec }: Topic | ConsumerGroup,
  known: Known,
): Instance | undefined {
  for (const instance of known.instances()) {
    const { namespace, name } = instance.metadata;
    if (namespace === metadata.namespace && name === spec.instanceRef.name) return instance;
  }
  return undefined;
}

/** What somebody should know whose topic or group is let in without an instance to be on. */
export function instanceWarnings(
  { metadata: { namespace }, spec: { instanceRef } }: Topic | ConsumerGroup,
  instance: Instance | undefined,
): string[] {
  const name = `MessageQueueInstance ${instanceRef.name}`;
  if (!instance) return [`there is no ${name} in the namespace ${namespace} yet: it is waited for`];
  const isLeaving = instance.metadata.deletionTimestamp !== undefined;
  return isLeaving ? [`the ${name} is being deleted`] : [];
}
