/**
 * Volumes that grow: the claims are patched, and their StatefulSet, whose template can't change, is
 * made anew around its pods.
 */
import type { V1StatefulSet } from '@kubernetes/client-node';
import { PERSISTENT_VOLUME_CLAIMS, STATEFUL_SETS } from '#kube/resources';
import { KubeError } from '#kube/client';
import { quantityValue } from '#operator/resources/quantity';
import { stalled } from '#operator/reconcile/blocked';
import type { ShardFacts } from '#operator/reconcile/facts';
import type { Pass, Step, Tools } from '#operator/reconcile/pass';

export const growStorage: Step = async (pass, tools) => {
  for (const shard of pass.facts.shards) await growShard(shard, pass, tools);
};

/** Of the volumes that a StatefulSet makes. */
export function templateSize(set: V1StatefulSet | undefined): string | undefined {
  return set?.spec?.volumeClaimTemplates?.[0]?.spec?.resources?.requests?.['storage'];
}

async function growShard(shard: ShardFacts, pass: Pass, tools: Tools): Promise<void> {
  const { claim, set, name } = shard;
  const wanted = pass.instance.storage;
  if (claim && isSmaller(claim.spec?.resources?.requests?.['storage'], wanted)) {
    await growClaim(claim.metadata?.name ?? '', pass, tools);
  }
  const has = claim?.status?.capacity?.['storage'];
  if (claim && has !== undefined && isSmaller(has, wanted)) {
    pass.notes.push({
      reason: 'GrowingStorage',
      message: `the volume of ${name} grows from ${has} to ${wanted}: its storage class is at it`,
    });
  }
  if (!set || !isSmaller(templateSize(set), wanted)) return;
  const { namespace, uid } = set.metadata ?? {};
  tools.log.info({ namespace, set: shard.broker, wanted }, 'making a StatefulSet anew, larger');
  const reference = { namespace, name: shard.broker };
  // Its pods and claims stay; the next pass makes it again, and it takes them over.
  await tools.client.delete(STATEFUL_SETS, reference, { uid, propagation: 'Orphan' });
  pass.notes.push({ reason: 'GrowingStorage', message: `${shard.broker} gets larger volumes` });
}

async function growClaim(name: string, { instance }: Pass, { client, log }: Tools): Promise<void> {
  const { namespace, storage } = instance;
  log.info({ namespace, claim: name, storage }, 'growing a claim');
  try {
    const patch = { spec: { resources: { requests: { storage } } } };
    await client.mergePatch(PERSISTENT_VOLUME_CLAIMS, { namespace, name }, patch);
  } catch (error) {
    if (!(error instanceof KubeError) || (error.status !== 403 && error.status !== 422))
      throw error;
    throw stalled(
      'StorageCannotGrow',
      `the claim ${name} can't grow to ${storage}: ${error.message}; ` +
        'set allowVolumeExpansion of its storage class, where its provisioner can grow volumes',
    );
  }
}

function isSmaller(has: string | undefined, wanted: string): boolean {
  return has !== undefined && quantityValue(has) < quantityValue(wanted);
}
