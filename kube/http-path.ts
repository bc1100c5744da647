/** Where the API serves an object, or all objects of a resource. */
import type { KubeObject, ResourceType, Verb } from '#kube/types';

export interface Place {
  readonly verb: Verb;
  /** Undefined: all namespaces, or that of what is in none. */
  readonly namespace?: string | undefined;
  /** Undefined: all objects. */
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

export function pathOf(type: ResourceType<KubeObject>, place: Place): string {
  const { group, version, plural, namespaced } = type;
  const { verb, namespace, name, subresource } = place;
  if (namespaced && namespace === undefined && verb !== 'list' && verb !== 'watch') {
    throw new Error(`${verb} of a ${type.kind} needs its namespace`);
  }
  const parts = group === '' ? ['api', version] : ['apis', group, version];
  if (namespaced && namespace !== undefined) parts.push('namespaces', segment(namespace));
  parts.push(plural);
  if (name !== undefined) parts.push(segment(name));
  if (subresource !== undefined) parts.push(subresource);
  return `/${parts.join('/')}`;
}

/** Names come from objects that others made: none of them may lead to another place. */
function segment(name: string): string {
  if (name === '' || name === '.' || name === '..') {
    throw new Error(`${JSON.stringify(name)} is no name of an object`);
  }
  return encodeURIComponent(name);
}

/** With its question mark; what is undefined is left out. */
export function queryOf(query: Readonly<Record<string, string | undefined>>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
