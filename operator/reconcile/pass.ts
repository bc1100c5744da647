/** One pass over an instance: what its steps share. */
import type { BrokerStatusResponse } from '#proto/admin-types';
import type { CompleteInstance } from '#kube/api/defaults';
import type { Instance, InstanceStatus } from '#kube/api/instance';
import type { KubeClient } from '#kube/client';
import type { Applier, Wanted } from '#operator/apply/applier';
import type { BrokerAdmins } from '#operator/brokers/broker-admins';
import type { Tokens } from '#operator/brokers/tokens';
import type { Caches } from '#operator/caches';
import type { EventRecorder } from '#operator/events';
import type { InstanceFacts } from '#operator/reconcile/facts';
import type { Clock } from '#lib/clock';
import type { Log } from '#lib/log';

/** What reconcilers work with. */
export interface Tools {
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly applier: Applier;
  readonly tokens: Tokens;
  readonly admins: BrokerAdmins;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Log;
  /** Of brokers and name servers, where an instance says none. */
  readonly image: string;
  readonly clusterDomain: string;
  /** Of the namespace whose pods may reach the admin ports; undefined: any. */
  readonly operatorNamespace: string | undefined;
}

/** Something that is under way; told in the condition Reconciling. */
export interface Note {
  readonly reason: string;
  readonly message: string;
}

export interface Pass {
  readonly object: Instance;
  readonly instance: CompleteInstance;
  readonly facts: InstanceFacts;
  /** What each broker said of itself, by shard; undefined: no answer. */
  readonly brokers: Map<number, BrokerStatusResponse | undefined>;
  /** Under way now, in the order of the steps. */
  readonly notes: Note[];
  /** Of the settings that were applied. */
  revision: string | undefined;
  scaleIn: InstanceStatus['scaleIn'];
  /** Every object that the instance is to have. */
  wanted: readonly Wanted[];
}

/** One thing that a pass does. Throws Blocked when later steps must not run. */
export type Step = (pass: Pass, tools: Tools) => Promise<void>;

/** What comes of a reconcile when nothing failed. */
export interface Outcome {
  /** Look again by then, even if nothing changes. */
  readonly againMs: number;
}
