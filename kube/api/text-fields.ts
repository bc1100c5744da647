/** Kinds of text in specs, each with the sentence that a person gets who has it wrong. */
import { z } from 'zod';
import { matching, withRules } from '#kube/api/rules';
import { KUBERNETES } from '#lib/kubernetes-limits';

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
/** Also the name of a Service, which has to start with a letter. */
export const INSTANCE_NAME = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const QUANTITY = /^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/;

/** `what` begins the sentence: "a region". */
export function dnsLabel(what: string): z.ZodString {
  return matching(
    z.string().max(KUBERNETES.labelCharsMax),
    DNS_LABEL,
    `${what} has lower-case letters, digits and - only, and a letter or digit at both ends`,
  );
}

/** The name of another object in the cluster. */
export function objectName(what: string): z.ZodString {
  return matching(
    z.string().max(KUBERNETES.nameCharsMax),
    SUBDOMAIN,
    `${what} has lower-case letters, digits, - and . only, and a letter or digit at both ends`,
  );
}

export function labelValue(what: string): z.ZodString {
  return matching(
    z.string().max(KUBERNETES.labelCharsMax),
    LABEL_VALUE,
    `${what} has letters, digits, -, _ and . only, and a letter or digit at both ends`,
  );
}

/** An amount of disk, memory or processor time. */
export function quantity(): z.ZodString {
  return matching(
    z.string().max(KUBERNETES.quantityCharsMax),
    QUANTITY,
    'a quantity is a number with or without a unit, such as 500m, 2, 256Mi or 10Gi',
  );
}

/** `what` begins the sentence: "the volume of a broker". */
export function quantityFrom(least: string, what: string): z.ZodString {
  const rule = `!isQuantity(self) || !quantity(self).isLessThan(quantity('${least}'))`;
  return withRules(quantity(), [{ rule, message: `${what} is at least ${least}` }]);
}
