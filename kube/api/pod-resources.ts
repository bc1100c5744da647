/** What the pods of one component ask of their nodes. */
import { z } from 'zod';
import { optionally, valueOr, withRules } from '#kube/api/rules';
import type { Rule } from '#kube/api/rules';
import { quantity, quantityFrom } from '#kube/api/text-fields';
import { KUBERNETES } from '#lib/kubernetes-limits';

export interface ResourcesSpec {
  cpuRequest?: string | undefined;
  memoryRequest?: string | undefined;
  cpuLimit?: string | undefined;
  memoryLimit?: string | undefined;
}

export type CompleteResources = Readonly<Record<keyof ResourcesSpec, string>>;

/** `unset` is what the component has where the spec says nothing. */
export function podResources(unset: CompleteResources): z.ZodType<ResourcesSpec> {
  // What may be taken is not less than what is asked, so it needs no least amount of its own.
  const cpuAsked = quantityFrom(KUBERNETES.cpuMin, 'processor time');
  const memoryAsked = quantityFrom(KUBERNETES.memoryMin, 'memory');
  return withRules(
    z.strictObject({
      cpuRequest: optionally(cpuAsked, 'Processor time kept for each pod.', unset.cpuRequest),
      memoryRequest: optionally(memoryAsked, 'Memory kept for each pod.', unset.memoryRequest),
      cpuLimit: optionally(quantity(), 'Processor time that a pod may take.', unset.cpuLimit),
      memoryLimit: optionally(quantity(), 'Memory that a pod may take.', unset.memoryLimit),
    }),
    [notAbove('cpuRequest', 'cpuLimit', unset), notAbove('memoryRequest', 'memoryLimit', unset)],
  );
}

/** Kubernetes refuses pods that ask for more than they may take. */
function notAbove(
  request: keyof CompleteResources,
  limit: keyof CompleteResources,
  unset: CompleteResources,
): Rule {
  const asked = valueOr('self', request, unset[request]);
  const allowed = valueOr('self', limit, unset[limit]);
  const readable = `isQuantity(${asked}) && isQuantity(${allowed})`;
  return {
    rule: `!(${readable}) || !quantity(${asked}).isGreaterThan(quantity(${allowed}))`,
    message: `${request} is more than ${limit}`,
    messageExpression: `'${request} is more than ${limit}: ' + ${asked} + ' to ' + ${allowed}`,
  };
}
