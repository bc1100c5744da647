/**
 * Which replica of the operator works: the one that holds a Lease, and renews it. Another one takes
 * it over when it was not renewed for its whole time, by the watcher's own clock.
 */
import { KubeError, type KubeClient } from '#kube/client';
import { LEASES, type Lease } from '#kube/resources';
import type { Reference } from '#kube/types';
import { systemClock, type Clock, type Timer } from '#lib/clock';
import { LEADER } from '#lib/kubernetes-limits';
import type { Log } from '#lib/log';
import { pause } from '#lib/pause';

export interface LeaderElectionOptions {
  readonly client: KubeClient;
  readonly lease: Required<Reference> & { readonly namespace: string };
  /** Of this replica, different from that of any other and of an earlier life. */
  readonly identity: string;
  readonly log: Log;
  readonly clock?: Clock;
  /** Numbers in [0, 1), for jitter. */
  readonly random?: () => number;
  /** It leads from now on. */
  readonly onStart: () => void;
  /** It may lead no more: what it was doing has to end now. */
  readonly onLose: () => void;
}

const SECOND_MS = 1000;

export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #random: () => number;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** As it was read or written last, and when it was first seen so: no other clock is trusted. */
  #lease: Lease | undefined;
  #seenMs = 0;
  /** It has to be read before it is written. */
  #isStale = true;
  /** When the last renewal that worked was sent. */
  #renewedMs = 0;
  #isLeading = false;
  #deadline: Timer | undefined;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log.child({ identity: options.identity });
    this.#random = options.random ?? Math.random;
  }

  /** By the clock: also false when this process slept through the end of its lease. */
  get isLeading(): boolean {
    return this.#isLeading && this.#sinceRenewalMs < LEADER.renewDeadlineMs;
  }

  start(): void {
    this.#running = this.#run();
  }

  /**
   * Gives the Lease back, so that another one need not wait for its end. What is done as the leader
   * has to have ended before.
   */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#deadline?.cancel();
    await this.#running;
    if (this.isLeading) await this.#release();
    this.#isLeading = false;
  }

  get #sinceRenewalMs(): number {
    return this.#clock.monotonicMs() - this.#renewedMs;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const isGood = await this.#attempt();
      // A little less, so that replicas don't ask in step.
      const jitter = 1 - this.#random() / 10;
      const waitMs = isGood && this.#isLeading ? LEADER.renewMs : LEADER.retryMs;
      await pause(this.#clock, waitMs * jitter, this.#stopping.signal);
    }
  }

  /** False when it is to be tried again soon. */
  async #attempt(): Promise<boolean> {
    try {
      if (this.isLeading && this.#lease && !this.#isStale) await this.#write(this.#lease);
      else await this.#look();
      return true;
    } catch (error) {
      // A conflict: another replica was faster, and what is known of the Lease is no longer so.
      this.#isStale = true;
      const isConflict = error instanceof KubeError && error.isConflict;
      if (isConflict) this.#log.debug({ error }, 'the lease was changed by somebody else');
      else this.#log.warn({ error }, 'cannot reach the lease; trying again');
      return false;
    }
  }

  /** A call that is stuck is left alone: the next one goes over another connection. */
  async #inTime<R>(call: Promise<R>): Promise<R> {
    const done = new AbortController();
    const late = pause(this.#clock, LEADER.callMs, done.signal).then(() => {
      throw new KubeError(0, 'Timeout', `no answer within ${LEADER.callMs} ms`);
    });
    try {
      return await Promise.race([call, late]);
    } finally {
      late.catch(() => undefined);
      done.abort();
    }
  }

  /** Reads the Lease, and takes it when it is free. */
  async #look(): Promise<void> {
    const { client, lease: ref, identity } = this.#options;
    const lease = await this.#inTime(client.get(LEASES, ref));
    if (lease === undefined) {
      await this.#write(undefined);
      return;
    }
    const version = lease.metadata?.resourceVersion;
    if (version !== this.#lease?.metadata?.resourceVersion)
      this.#seenMs = this.#clock.monotonicMs();
    this.#lease = lease;
    const { holderIdentity = '', leaseDurationSeconds = 0 } = lease.spec ?? {};
    const isOver = this.#clock.monotonicMs() - this.#seenMs >= leaseDurationSeconds * SECOND_MS;
    if (holderIdentity === '' || holderIdentity === identity || isOver) await this.#write(lease);
    else if (this.#isLeading) this.#lose(`${holderIdentity} leads`);
  }

  /** Takes or renews it; a conflict when another replica wrote it since it was read. */
  async #write(lease: Lease | undefined): Promise<void> {
    const { client, identity } = this.#options;
    const sentMs = this.#clock.monotonicMs();
    const object = this.#leaseFor(lease, identity, LEADER.leaseMs);
    const call = lease ? client.replace(LEASES, object) : client.create(LEASES, object);
    this.#lease = await this.#inTime(call);
    this.#isStale = false;
    this.#seenMs = sentMs;
    this.#renewedMs = sentMs;
    if (this.#sinceRenewalMs >= LEADER.renewDeadlineMs) return;
    this.#armDeadline();
    const isNew = !this.#isLeading;
    this.#isLeading = true;
    if (!isNew || this.#stopping.signal.aborted) return;
    this.#log.info('leading');
    this.#options.onStart();
  }

  /** Whatever the request does that is under way: by then it has to be over. */
  #armDeadline(): void {
    this.#deadline?.cancel();
    const leftMs = LEADER.renewDeadlineMs - this.#sinceRenewalMs;
    this.#deadline = this.#clock.setTimeout(() => this.#lose('not renewed in time'), leftMs);
  }

  #lose(reason: string): void {
    this.#deadline?.cancel();
    if (!this.#isLeading) return;
    this.#isLeading = false;
    this.#log.warn({ reason }, 'leading no more');
    this.#options.onLose();
  }

  async #release(): Promise<void> {
    if (!this.#lease) return;
    try {
      const free = this.#leaseFor(this.#lease, '', SECOND_MS);
      await this.#inTime(this.#options.client.replace(LEASES, free));
    } catch (error) {
      this.#log.warn({ error }, 'cannot give the lease back; it ends by itself');
    }
  }

  #leaseFor(lease: Lease | undefined, holder: string, durationMs: number): Lease {
    const before = lease?.spec ?? {};
    const now = new Date(this.#clock.nowMs()).toISOString().replace('Z', '000Z');
    const isNew = before.holderIdentity !== holder;
    return {
      ...lease,
      metadata: lease?.metadata ?? { ...this.#options.lease },
      spec: {
        holderIdentity: holder,
        leaseDurationSeconds: durationMs / SECOND_MS,
        acquireTime: isNew ? now : (before.acquireTime ?? now),
        renewTime: now,
        leaseTransitions: (before.leaseTransitions ?? 0) + (isNew && holder !== '' ? 1 : 0),
      },
    };
  }
}
