/** ConsumerGroup: a consumer group of an instance. */
import { z } from 'zod';
import { clientName, clientNameRules, deletionPolicy, instanceRef } from '#kube/api/client-names';
import { conditions } from '#kube/api/conditions';
import { optionally, unchanging, valueOr, withRules } from '#kube/api/rules';
import type { Rule } from '#kube/api/rules';
import type { KubeObject, ObjectMeta } from '#kube/types';
import { CONSUME } from '#lib/limits';

const SECOND_MS = 1000;

const retry = z.strictObject({
  maxAttempts: optionally(
    z.int().min(0).max(CONSUME.retriesMax),
    'Retries after the first delivery; then the message goes to the dead letters, %DLQ%NAME.',
    CONSUME.retriesDefault,
  ),
  backoffSeconds: optionally(
    z
      .array(
        z
          .int()
          .min(1)
          .max(CONSUME.invisibleMaxMs / SECOND_MS),
      )
      .min(1)
      .max(CONSUME.backoffsMax),
    'Waits before each retry, in seconds; the last one repeats.',
    CONSUME.backoffMs.map((ms) => ms / SECOND_MS).join(', '),
  ),
});

const SPEC_RULES: readonly Rule[] = [
  unchanging('broadcast', false, 'a group is broadcast, or is not, for good; make another one'),
  {
    rule: `!(${valueOr('self', 'broadcast', false)}) || !(${valueOr('self', 'ordered', false)})`,
    message: 'a broadcast group is not ordered: each member reads each queue in its order anyway',
    fieldPath: '.ordered',
  },
];

export const groupSpec = withRules(
  z.strictObject({
    instanceRef,
    name: clientName('group'),
    ordered: optionally(
      z.boolean(),
      'Whether messages of a message group are handed out one after the other.',
      false,
    ),
    broadcast: optionally(
      z.boolean(),
      'Whether every member gets every message, by pull; cannot change.',
      false,
    ),
    retry: optionally(retry, 'What becomes of messages that fail.'),
    pullAllowed: optionally(
      z.boolean(),
      'Whether its members may be pull consumers; for Platinum.',
      'true in Platinum, false in Standard',
    ),
    deletionPolicy,
  }),
  SPEC_RULES,
).describe('What is wanted.');

/** Of the whole object. */
export const groupRules: readonly Rule[] = clientNameRules('group');

export const groupStatus = z
  .strictObject({
    observedGeneration: z.int().min(0).optional().describe('The metadata.generation it is about.'),
    conditions,
    name: z.string().optional().describe('Name for clients.'),
    ordered: z.boolean().optional().describe('Whether it is an ordered group.'),
    lag: z.int().min(0).optional().describe('Messages not yet done with, over all shards.'),
    members: z.int().min(0).optional().describe('Clients that are connected.'),
  })
  .describe('What is so, as the operator found it.');

export type GroupSpec = z.output<typeof groupSpec>;
export type GroupStatus = z.output<typeof groupStatus>;

export interface ConsumerGroup extends KubeObject {
  metadata: ObjectMeta & { name: string; namespace: string };
  spec: GroupSpec;
  status?: GroupStatus;
}
