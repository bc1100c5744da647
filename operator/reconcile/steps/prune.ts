/** Takes away what an instance had and does not have any more; never a shard, never a claim. */
import { ANNOTATION, LABEL } from '#kube/names';
import {
  GRPC_ROUTES,
  POD_DISRUPTION_BUDGETS,
  SERVICES,
  STATEFUL_SETS,
  TLS_ROUTES,
} from '#kube/resources';
import { keyOf, type KubeObject, type ResourceType } from '#kube/types';
import type { Pass, Step, Tools } from '#operator/reconcile/pass';

export const prune: Step = async (pass, tools) => {
  const wanted = new Set(pass.wanted.map(({ type, object }) => id(type, object)));
  for (const type of [SERVICES, POD_DISRUPTION_BUDGETS, STATEFUL_SETS]) {
    for (const object of tools.caches.ofInstance<KubeObject>(type, pass.instance)) {
      if (wanted.has(id(type, object)) || isShardSet(type, object)) continue;
      if (!isOwned(object, pass) || object.metadata?.deletionTimestamp !== undefined) continue;
      await remove(type, object, tools);
    }
  }
};

/** Only the step that drains a shard removes its StatefulSet. */
function isShardSet({ kind }: { kind: string }, { metadata }: KubeObject): boolean {
  return kind === STATEFUL_SETS.kind && metadata?.labels?.[LABEL.shard] !== undefined;
}

function isOwned({ metadata }: KubeObject, { instance }: Pass): boolean {
  return metadata?.ownerReferences?.some(({ uid }) => uid === instance.uid) ?? false;
}

async function remove(
  type: ResourceType<KubeObject>,
  { metadata }: KubeObject,
  { client, log }: Tools,
): Promise<void> {
  const { namespace, name = '', uid } = metadata ?? {};
  log.info({ kind: type.kind, namespace, name }, 'removing what is not wanted any more');
  // Routes are not followed; each has the name of the Service that it leads to, and goes before it.
  for (const route of [TLS_ROUTES, GRPC_ROUTES]) {
    if (metadata?.annotations?.[ANNOTATION.route] !== route.kind) continue;
    await client.delete(route, { namespace, name });
  }
  await client.delete(type, { namespace, name }, { uid, propagation: 'Background' });
}

function id(type: ResourceType<KubeObject>, object: KubeObject): string {
  return `${type.group}/${type.plural}/${keyOf(object)}`;
}
