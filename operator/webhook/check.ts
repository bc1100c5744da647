/** What the checks of all kinds have in common: when they are made, and on what. */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { KubeObject } from '#kube/types';
import type { Known } from '#operator/webhook/known';
import type { AdmissionRequest, AdmittedObject, Verdict } from '#operator/webhook/review';

/** Judges what the API server asks about. */
export type Check = (request: AdmissionRequest, known: Known) => Verdict;

interface Checked extends KubeObject {
  spec: unknown;
}

export const LET_IN: Verdict = { problems: [], warnings: [] };

/** `before` is undefined for an object that is to be made. */
export function checkOf<T extends Checked>(
  specSchema: z.ZodType<T['spec']>,
  judge: (object: T, before: T | undefined, known: Known) => Verdict,
): Check {
  const objectOf = ({ operation, namespace }: AdmissionRequest, object: AdmittedObject): T => {
    const { name = '', creationTimestamp } = object.metadata;
    const isNew = operation === 'CREATE';
    const metadata = {
      ...object.metadata,
      name,
      namespace,
      // It has one already, in seconds; but what is stored comes before it.
      creationTimestamp: isNew ? undefined : creationTimestamp,
    };
    // The schema of the CRD covers the rest of it: status, and metadata of every kind.
    return { ...object, metadata, spec: specSchema.parse(object.spec) } as unknown as T;
  };
  return (request, known) => {
    const { object, oldObject } = request;
    if (!object || !isToBeChecked(request)) return LET_IN;
    try {
      const before = oldObject ? objectOf(request, oldObject) : undefined;
      return judge(objectOf(request, object), before, known);
    } catch (error) {
      if (!(error instanceof z.ZodError)) throw error;
      // The CRD let it in: then it is newer than this operator. Or nobody asked but a stranger.
      const [issue] = error.issues;
      const place = ['spec', ...(issue?.path ?? [])].join('.');
      return { problems: [], warnings: [`not checked: this operator does not know ${place}`] };
    }
  };
}

/**
 * Specs that are made or changed. Others have to go through whatever they say: marks and labels,
 * and above all the end of an object.
 */
function isToBeChecked({ operation, object, oldObject }: AdmissionRequest): boolean {
  if (object?.metadata.deletionTimestamp !== undefined) return false;
  if (operation === 'CREATE') return true;
  return operation === 'UPDATE' && !isDeepStrictEqual(object?.spec, oldObject?.spec);
}
