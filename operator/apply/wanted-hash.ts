/** A hash of a wanted object, to see later whether it was applied as it is. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '#operator/apply/canonical-json';
import { ANNOTATION } from '#kube/names';
import type { KubeObject } from '#kube/types';
import { POD } from '#lib/kubernetes-limits';

/** Of everything in it but the annotation that the hash itself goes into. */
export function hashOf(wanted: KubeObject): string {
  const { [ANNOTATION.applied]: _hash, ...annotations } = wanted.metadata?.annotations ?? {};
  const metadata = Object.assign({}, wanted.metadata, { annotations });
  return hashOfValue({ ...wanted, metadata });
}

/** Of the content, whatever the order of its keys. */
export function hashOfValue(value: unknown): string {
  const digest = createHash('sha256').update(canonicalJson(value)).digest('hex');
  return digest.slice(0, POD.hashChars);
}
