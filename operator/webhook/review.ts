/** AdmissionReview of admission.k8s.io/v1: what the API server asks, and how it is answered. */
import { z } from 'zod';
import type { Problem } from '#kube/api/cross-checks';
import { SluiceError } from '#lib/errors';
import { WEBHOOK } from '#lib/kubernetes-limits';

const API_VERSION = 'admission.k8s.io/v1';
const KIND = 'AdmissionReview';

/** Known fields only as far as they are used; newer API servers may send others. */
const object = z.looseObject({
  metadata: z.looseObject({
    name: z.string().optional(),
    namespace: z.string().optional(),
    deletionTimestamp: z.string().optional(),
  }),
  spec: z.unknown(),
});

const review = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal(KIND),
  request: z.object({
    uid: z.string().min(1).max(128),
    kind: z.object({ group: z.string(), version: z.string(), kind: z.string() }),
    operation: z.string(),
    namespace: z.string().default(''),
    object: object.nullish(),
    oldObject: object.nullish(),
  }),
});

export type AdmissionRequest = z.output<typeof review>['request'];
export type AdmittedObject = z.output<typeof object>;

/** What the answer comes down to. Nothing is allowed that has problems. */
export interface Verdict {
  readonly problems: readonly Problem[];
  /** Shown to the person; the object is let in all the same. */
  readonly warnings: readonly string[];
}

/** Throws BAD_REQUEST for what is no AdmissionReview. */
export function parseReview(body: string): AdmissionRequest {
  const result = review.safeParse(parseJson(body));
  if (result.success) return result.data.request;
  const [issue] = result.error.issues;
  const place = issue?.path.join('.') || 'the body';
  throw new SluiceError('BAD_REQUEST', `not an ${KIND} of ${API_VERSION}: ${place} is wrong`);
}

/** The AdmissionReview that answers the request. */
export function answerReview({ uid }: AdmissionRequest, { problems, warnings }: Verdict): object {
  const allowed = problems.length === 0;
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    response: {
      uid,
      allowed,
      ...(!allowed && { status: refusal(problems) }),
      ...(warnings.length > 0 && { warnings: warnings.map(shortened) }),
    },
  };
}

/** People see the message behind `admission webhook "…" denied the request: `. */
function refusal(problems: readonly Problem[]): object {
  const message = problems.map((problem) => problem.message).join('; ');
  // As for a quota of Kubernetes itself: the object is well as it is.
  const isQuota = problems.some(({ reason }) => reason === 'InstanceLimit');
  return isQuota
    ? { code: 403, reason: 'Forbidden', message }
    : { code: 422, reason: 'Invalid', message };
}

function shortened(warning: string): string {
  const max = WEBHOOK.warningCharsMax;
  return warning.length <= max ? warning : `${warning.slice(0, max - 1)}…`;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new SluiceError('BAD_REQUEST', 'the body is not JSON', { cause });
  }
}
