/** What conditions are made of. */
import type { BrokerStatusResponse } from '#proto/admin-types';
import type { CompleteInstance } from '#kube/api/defaults';
import type { Blocked } from '#operator/reconcile/blocked';
import type { InstanceFacts } from '#operator/reconcile/facts';
import type { Note } from '#operator/reconcile/pass';

export interface ConditionFacts {
  readonly instance: CompleteInstance;
  readonly facts: InstanceFacts;
  readonly brokers: ReadonlyMap<number, BrokerStatusResponse | undefined>;
  readonly notes: readonly Note[];
  /** Why the pass could not go on. */
  readonly blocked: Blocked | undefined;
  readonly isPaused: boolean;
}
