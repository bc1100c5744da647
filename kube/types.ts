/** What every object of the Kubernetes API has in common. */
import type { V1ObjectMeta } from '@kubernetes/client-node';

/** Objects are the API server's JSON as it came: what is a `Date` by its type is a string. */
export type ObjectMeta = V1ObjectMeta;

export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

/** A kind of object, and where the API serves it; `T` is what it holds. */
export interface ResourceType<T extends KubeObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** What the code may do; the client refuses the rest, so that RBAC made from it is true. */
  readonly verbs: readonly Verb[];
  /** The same for `/status`. */
  readonly statusVerbs?: readonly Verb[];
  /** Calls never wait for connections that others have taken. */
  readonly isUrgent?: true;
  /** Only types know it. */
  readonly object?: T;
}

export interface Reference {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** `namespace/name`, or the name alone of what is in no namespace. */
export function keyOf({ metadata }: KubeObject): string {
  const { namespace, name = '' } = metadata ?? {};
  return namespace === undefined ? name : `${namespace}/${name}`;
}
