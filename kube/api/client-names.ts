/**
 * Names of topics and groups for clients. What `proto/names` says in code is said here in CEL, so
 * that the API server refuses what a broker would.
 */
import { z } from 'zod';
import { matches, matching, optionally, text, withRules, withValue } from '#kube/api/rules';
import type { Rule } from '#kube/api/rules';
import { INSTANCE_NAME } from '#kube/api/text-fields';
import { KUBERNETES } from '#lib/kubernetes-limits';
import { NAME } from '#lib/limits';
import { RESERVED_NAME } from '#proto/names';

type What = 'topic' | 'group';

const CHARS_MAX = { topic: NAME.topicCharsMax, group: NAME.groupCharsMax } as const;

export const instanceRef = withRules(
  z.strictObject({
    name: matching(
      z.string().max(KUBERNETES.instanceNameCharsMax),
      INSTANCE_NAME,
      'the name of an instance starts with a letter and has lower-case letters, digits and - only',
    ).describe('Name of the MessageQueueInstance.'),
  }),
  [
    {
      rule: 'self.name == oldSelf.name',
      message: 'it cannot move to another instance; make one there instead',
      fieldPath: '.name',
    },
  ],
).describe('The instance, in the same namespace; cannot change.');

/** With a namespace of RocketMQ, which is no namespace of Kubernetes, before it or without. */
export function clientName(what: What): z.ZodOptional<z.ZodString> {
  const charsMax = CHARS_MAX[what];
  const part = `[A-Za-z0-9_-]{1,${charsMax}}`;
  const name = matching(
    z.string().max(2 * charsMax + 1),
    new RegExp(`^(${part}%)?${part}$`),
    `a ${what} name has letters, digits, _ and - only, at most ${charsMax} of them; a namespace ` +
      'and % may stand before it',
  );
  const reserved = `this ${what} name is kept for the system: choose another`;
  const notReserved: Rule = {
    rule: `!${matches(`self.substring(self.indexOf(${text('%')}) + 1)`, RESERVED_NAME)}`,
    message: reserved,
    messageExpression: withValue(reserved, 'self'),
  };
  return optionally(
    withRules(name, [notReserved]),
    'Name for clients; cannot change. Give it where it has capitals or underscores.',
    'metadata.name',
  );
}

/** Of the whole object. */
export function clientNameRules(what: What): Rule[] {
  const charsMax = CHARS_MAX[what];
  const legal = new RegExp(`^[a-z0-9-]{1,${charsMax}}$`);
  const nameOf = (object: string) =>
    `(has(${object}.spec.name) ? ${object}.spec.name : ${object}.metadata.name)`;
  const asName =
    `without spec.name the name of the object is the name of the ${what}, which has at most ` +
    `${charsMax} letters, digits and -: set spec.name`;
  const fixed = `make another ${what} instead: the name of a ${what} cannot change`;
  return [
    {
      rule: `has(self.spec.name) || ${matches('self.metadata.name', legal)}`,
      message: asName,
      messageExpression: withValue(asName, 'self.metadata.name'),
      fieldPath: '.metadata.name',
    },
    {
      rule: `${nameOf('self')} == ${nameOf('oldSelf')}`,
      message: fixed,
      messageExpression: `${text(`${fixed}, it is "`)} + ${nameOf('oldSelf')} + '"'`,
      fieldPath: '.spec.name',
    },
  ];
}

export const deletionPolicy = optionally(
  z.enum(['Retain', 'Delete']),
  'What becomes of it on the brokers when this object is deleted.',
  'Retain',
);
