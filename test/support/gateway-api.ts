/** Stands in for the Gateway API: its routes, as far as an API server needs to know them. */
import type { KubeClient } from '#kube/client';
import { GRPC_ROUTES, TLS_ROUTES } from '#kube/resources';
import type { KubeObject, ResourceType } from '#kube/types';
import { contains } from '#operator/apply/contains';
import { unrestricted } from '#support/cluster';
import { until } from '#support/until';

const SERVED_MS = 30_000;

const DEFINITIONS: ResourceType<KubeObject> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
  verbs: [],
};

/** For the whole cluster, where they stay. */
export async function installRoutes(client: KubeClient): Promise<void> {
  for (const route of [GRPC_ROUTES, TLS_ROUTES]) {
    const name = `${route.plural}.${route.group}`;
    const known = await client.get(unrestricted(DEFINITIONS), { name });
    if (!known) await client.apply(unrestricted(DEFINITIONS), definitionOf(name, route));
    await until(SERVED_MS, async () => {
      const definition = await client.get(unrestricted(DEFINITIONS), { name });
      return definition !== undefined && contains(definition, ESTABLISHED);
    });
  }
}

const ESTABLISHED = { status: { conditions: [{ type: 'Established', status: 'True' }] } };

function definitionOf(name: string, { group, version, plural, kind }: typeof GRPC_ROUTES): object {
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name,
      // The API server asks for the review that names of its own groups had.
      annotations: {
        'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/gateway-api',
      },
    },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, kind, singular: kind.toLowerCase() },
      versions: [
        { name: version, served: true, storage: true, schema: { openAPIV3Schema: schema } },
      ],
    },
  };
}
