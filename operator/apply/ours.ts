/** Whose an object is that has the name of one that is wanted. */
import type { V1OwnerReference } from '@kubernetes/client-node';
import { LABEL, MANAGER } from '#kube/names';
import type { KubeObject, ObjectMeta } from '#kube/types';
import { stalled, waiting } from '#operator/reconcile/blocked';

/**
 * Ours: made for this instance, or left behind without an owner and so adopted. Throws Blocked when
 * it is somebody else's, or that of an instance that is on its way out.
 */
export function assertOurs(kind: string, live: KubeObject, wanted: KubeObject): void {
  const name = live.metadata?.name ?? '';
  const isLabelled = live.metadata?.labels?.[LABEL.managedBy] === MANAGER;
  const owner = controllerOf(live.metadata);
  const wantedOwner = controllerOf(wanted.metadata);
  // Also one whose labels somebody took away.
  if (owner !== undefined && owner.uid === wantedOwner?.uid) return;
  if (isLabelled && owner === undefined) return;
  if (isLabelled && owner?.kind === wantedOwner?.kind && owner?.name === wantedOwner?.name) {
    throw waiting(
      'PreviousInstance',
      `the ${kind} ${name} is that of a deleted instance of this name; waiting until it is gone`,
    );
  }
  throw stalled(
    'NameClash',
    `there is a ${kind} ${name} that is not this instance's: delete or rename it, ` +
      'or give the instance another name',
  );
}

function controllerOf(metadata: ObjectMeta | undefined): V1OwnerReference | undefined {
  return metadata?.ownerReferences?.find(({ controller }) => controller === true);
}
