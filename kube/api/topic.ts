/** Topic: a topic of an instance. */
import { z } from 'zod';
import { clientName, clientNameRules, deletionPolicy, instanceRef } from '#kube/api/client-names';
import { conditions } from '#kube/api/conditions';
import { keyedBy, optionally, unchanging, valueOr, withRules } from '#kube/api/rules';
import type { Rule } from '#kube/api/rules';
import type { KubeObject, ObjectMeta } from '#kube/types';
import { KUBERNETES } from '#lib/kubernetes-limits';
import { TOPIC } from '#lib/limits';

export const TOPIC_KINDS = ['Normal', 'Fifo', 'GlobalFifo', 'Delay', 'Transaction'] as const;
export const PERMISSIONS = ['ReadWrite', 'ReadOnly', 'WriteOnly'] as const;

const isGlobal = `${valueOr('self', 'kind', 'Normal')} == 'GlobalFifo'`;

const SPEC_RULES: readonly Rule[] = [
  unchanging('kind', 'Normal', 'the kind cannot change; make another topic instead'),
  {
    rule: `!(${isGlobal}) || ${valueOr('self', 'queues', 1)} == 1`,
    message: 'a GlobalFifo topic has exactly 1 queue: one order for all messages',
    fieldPath: '.queues',
  },
  {
    rule: `!(${isGlobal}) || ${valueOr('self', 'spread', 'AtCreation')} == 'AtCreation'`,
    message: 'a GlobalFifo topic has 1 queue, which cannot be on all shards: leave out spread',
    fieldPath: '.spread',
  },
];

export const topicSpec = withRules(
  z.strictObject({
    instanceRef,
    name: clientName('topic'),
    kind: optionally(z.enum(TOPIC_KINDS), 'Kind of its messages; cannot change.', 'Normal'),
    queues: optionally(
      z.int().min(1).max(TOPIC.queuesMax),
      'Queues over all shards. More later needs the edition Platinum, fewer is not possible.',
      `${TOPIC.queuesDefault}; 1 for GlobalFifo`,
    ),
    permission: optionally(z.enum(PERMISSIONS), 'What clients may do.', 'ReadWrite'),
    spread: optionally(
      z.enum(['AtCreation', 'AllShards']),
      'AllShards: shards that are added later get queues of it as well, for Platinum. ' +
        'AtCreation: it stays on the shards that it was made on.',
      'AtCreation',
    ),
    remark: optionally(z.string().max(KUBERNETES.remarkCharsMax), 'For people.'),
    deletionPolicy,
  }),
  SPEC_RULES,
).describe('What is wanted.');

const asked = (object: string): string =>
  `(has(${object}.spec.queues) ? ${object}.spec.queues : ` +
  `(${valueOr(`${object}.spec`, 'kind', 'Normal')} == 'GlobalFifo' ? 1 : ${TOPIC.queuesDefault}))`;

/** What was asked too much, and never made, may be taken back: those that there are count. */
const queuesBefore =
  'has(oldSelf.status) && has(oldSelf.status.queues) && ' +
  `oldSelf.status.queues < ${asked('oldSelf')} ? oldSelf.status.queues : ${asked('oldSelf')}`;

/** Of the whole object. */
export const topicRules: readonly Rule[] = [
  ...clientNameRules('topic'),
  {
    rule: `${asked('self')} >= (${queuesBefore})`,
    message: 'queues can become more, not fewer, since they may hold messages',
    fieldPath: '.spec.queues',
  },
];

export const topicStatus = z
  .strictObject({
    observedGeneration: z.int().min(0).optional().describe('The metadata.generation it is about.'),
    conditions,
    name: z.string().optional().describe('Name for clients.'),
    kind: z.string().optional().describe('Kind of its messages.'),
    queues: z.int().min(0).optional().describe('Queues that there are, over all shards.'),
    shards: keyedBy(
      z.array(
        z.strictObject({
          name: z.string().describe('Name of the shard.'),
          queues: z.int().min(0).describe('Queues that are on it.'),
        }),
      ),
      'name',
    )
      .optional()
      .describe('Where its queues are.'),
  })
  .describe('What is so, as the operator found it.');

export type TopicSpec = z.output<typeof topicSpec>;
export type TopicStatus = z.output<typeof topicStatus>;

export interface Topic extends KubeObject {
  metadata: ObjectMeta & { name: string; namespace: string };
  spec: TopicSpec;
  status?: TopicStatus;
}
