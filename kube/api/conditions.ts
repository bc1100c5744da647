/** Conditions in the standard shape, so that `kubectl wait`, Flux and Argo understand them. */
import { z } from 'zod';
import { keyedBy } from '#kube/api/rules';
import { KUBERNETES } from '#lib/kubernetes-limits';

const condition = z
  .strictObject({
    type: z
      .string()
      .min(1)
      .max(KUBERNETES.conditionTypeCharsMax)
      .describe('What the condition is about, e.g. Ready.'),
    status: z.enum(['True', 'False', 'Unknown']).describe('Whether it is so.'),
    reason: z
      .string()
      .min(1)
      .max(KUBERNETES.conditionReasonCharsMax)
      .describe('One CamelCase word, for programs.'),
    message: z
      .string()
      .max(KUBERNETES.conditionMessageCharsMax)
      .describe('A sentence that tells what is so, and what to do if anything.'),
    observedGeneration: z.int().min(0).describe('The metadata.generation that this is about.'),
    lastTransitionTime: z
      .string()
      .meta({ format: 'date-time' })
      .describe('When the status changed last.'),
  })
  .describe('Something that is so or is not.');

export type Condition = Readonly<z.output<typeof condition>>;

/** Of a status. */
export const conditions = keyedBy(z.array(condition), 'type')
  .optional()
  .describe('What is so: Ready first; a reason and a sentence say why and what to do.');

/** What a reconcile finds; when it changed is worked out from what was there before. */
export type Finding = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/** Findings as conditions, with the time of those kept whose status is as before. */
export function conditionsOf(
  findings: readonly Finding[],
  before: readonly Condition[],
  at: { readonly generation: number; readonly nowMs: number },
): Condition[] {
  const now = new Date(at.nowMs).toISOString().replace(/\.\d+Z$/, 'Z');
  return findings.map((finding) => {
    const last = before.find(({ type }) => type === finding.type);
    const lastTransitionTime = last?.status === finding.status ? last.lastTransitionTime : now;
    const message = clipped(finding.message);
    return { ...finding, message, observedGeneration: at.generation, lastTransitionTime };
  });
}

/** A message may name many objects; the API server refuses the whole status for one too long. */
function clipped(message: string): string {
  const { conditionMessageCharsMax } = KUBERNETES;
  if (message.length <= conditionMessageCharsMax) return message;
  return `${message.slice(0, conditionMessageCharsMax - 1)}…`;
}
