/** What all objects of an instance begin with: what they are, whose they are. */
import type { V1OwnerReference } from '@kubernetes/client-node';
import type { CompleteInstance } from '#kube/api/defaults';
import { API_VERSION, instanceLabels } from '#kube/names';
import { INSTANCES } from '#kube/resources';
import type { KubeObject, ObjectMeta, ResourceType } from '#kube/types';

export interface HeadOptions {
  readonly name: string;
  /** Those of the instance alone without it. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

export interface Head {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta & { name: string };
}

export function head<T extends KubeObject>(
  type: ResourceType<T>,
  instance: CompleteInstance,
  { name, labels = instanceLabels(instance.name), annotations = {} }: HeadOptions,
): Head {
  const { group, version, kind } = type;
  return {
    apiVersion: group === '' ? version : `${group}/${version}`,
    kind,
    metadata: {
      name,
      namespace: instance.namespace,
      labels: { ...labels },
      // The API server gives back no empty map.
      ...(Object.keys(annotations).length > 0 && { annotations: { ...annotations } }),
      ownerReferences: [ownerOf(instance)],
    },
  };
}

/** The instance, so that what was made for it goes with it. */
function ownerOf({ name, uid }: CompleteInstance): V1OwnerReference {
  return {
    apiVersion: API_VERSION,
    kind: INSTANCES.kind,
    name,
    uid,
    controller: true,
  };
}
