/**
 * Pop: hands messages out with a lease. First those whose lease has expired, then new ones, from
 * one queue or from all of a topic in turn; when there is nothing, the receiver waits (wire.md
 * A.8).
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Clock } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import { CONSUME, QUOTA } from '#lib/limits';
import type { Log } from '#lib/log';

import type { ConsumeQueue } from '#broker/store/consume-queue';
import type { LeaseWatch } from '#broker/consume/lease-watch';
import { placeIn } from '#broker/consume/message-reader';
import type { MessageReader } from '#broker/consume/message-reader';
import { ANY_QUEUE } from '#broker/consume/polls';
import type { Polls } from '#broker/consume/polls';
import { OrderedPop } from '#broker/consume/pop-ordered';
import { mayTake, readMessage } from '#broker/consume/pop-request';
import type { PopRequest, ReadMessage, Taken } from '#broker/consume/pop-request';
import { CAUSE } from '#broker/consume/progress-records';
import type { ProgressTable } from '#broker/consume/progress-table';
import type { Lease, Progress } from '#broker/consume/progress';
import { isFor } from '#broker/consume/resent';
import { Selection } from '#broker/consume/selection';

/** A message on its way to a consumer. */
export interface Delivery extends ReadMessage {
  lease: Lease;
}

/** Whoever waits for an answer, and may stop waiting. */
export interface Receiver {
  readonly cancelled: boolean;
  onCancel(listener: () => void): void;
}

/** Whether whoever waits for an answer has waited for long enough. */
type IsOver = () => boolean;

export interface PopOptions {
  clock: Clock;
  log: Log;
  progress: ProgressTable;
  reader: MessageReader;
  polls: Polls;
  watch: LeaseWatch;
  committed: () => number;
  /** A record that can't be read as it was written. */
  onDamage: (error: unknown) => void;
}

export class Pop {
  readonly #options: PopOptions;
  readonly #ordered: OrderedPop;
  #turn = 0;

  constructor(options: PopOptions) {
    this.#options = options;
    const { progress, reader, committed } = options;
    this.#ordered = new OrderedPop({
      progress,
      reader,
      committed,
      grant: (...lease) => this.#grant(...lease),
    });
  }

  /** Messages at once, or the first to come within `waitMs`, or none. */
  async receive(request: PopRequest, waitMs: number, receiver: Receiver): Promise<Delivery[]> {
    const { clock } = this.#options;
    const startMs = clock.nowMs();
    const scanEndMs = startMs + Math.max(waitMs, CONSUME.scanMinMs);
    const isOver = (): boolean => receiver.cancelled || clock.nowMs() >= scanEndMs;
    const deliveries = await this.take(request, isOver);
    const leftMs = startMs + waitMs - clock.nowMs();
    if (deliveries.length > 0 || leftMs <= 0 || receiver.cancelled) {
      return this.#unlessGone(deliveries, receiver);
    }
    return this.#unlessGone(await this.#wait(request, leftMs, receiver), receiver);
  }

  #unlessGone(deliveries: Delivery[], receiver: Receiver): Delivery[] {
    if (receiver.cancelled) this.giveBack(deliveries);
    return receiver.cancelled ? [] : deliveries;
  }

  #wait(request: PopRequest, waitMs: number, receiver: Receiver): Promise<Delivery[]> {
    const { polls, clock } = this.#options;
    const { group, topic, queueId } = request;
    return new Promise((resolve, reject) => {
      let waiting = true;
      const end = (deliveries: Delivery[]): void => {
        waiting = false;
        stop();
        timer.cancel();
        resolve(deliveries);
      };
      const tryOnce = async (): Promise<boolean> => {
        try {
          const deliveries = waiting ? await this.take(request, () => !waiting) : [];
          if (deliveries.length === 0) return false;
          if (waiting) end(deliveries);
          else this.giveBack(deliveries);
          return true;
        } catch (error) {
          reject(error);
          end([]);
          return !this.#leavesToOthers(error, request);
        }
      };
      // One after the other: the second would be the first's repetition. wire.md A.8, attempt_id
      let last = Promise.resolve(false);
      const attempt = (): Promise<boolean> => (last = last.then(tryOnce));
      const stop = polls.add(group.id, topic.id, queueId, {
        attempt,
        takes: true,
        end: () => end([]),
      });
      const timer = clock.setTimeout(() => end([]), waitMs);
      receiver.onCancel(() => end([]));
      void attempt(); // what came between the first look and now woke nobody
    });
  }

  /**
   * One receiver that is above the quota is told so; the others go on waiting. It comes back and
   * takes the message then, or else, after a while, they have their turn.
   */
  #leavesToOthers(error: unknown, { topic, queueId, group }: PopRequest): boolean {
    if (!(error instanceof SluiceError && error.code === 'TOO_MANY_REQUESTS')) return false;
    const { clock, polls } = this.#options;
    clock.setTimeout(() => polls.wake(topic.id, queueId, group.id), QUOTA.refusedPollMs);
    return true;
  }

  /**
   * What can be handed out right now; nothing once it is over.
   * @throws SluiceError FORBIDDEN, TOO_MANY_REQUESTS when there is something, but no quota for it
   */
  async take(request: PopRequest, isOver: IsOver): Promise<Delivery[]> {
    request.topic.assertReadable();
    for (;;) {
      const taken = await this.#leaseAll(request, isOver);
      const deliveries = await this.#read(taken, request);
      if (deliveries.length > 0 || taken.length === 0) return deliveries;
      await nextTurn(); // none of those was wanted after all: there may be others behind them
    }
  }

  async #leaseAll(request: PopRequest, isOver: IsOver): Promise<Taken[]> {
    const { group, topic, batchSize, filter } = request;
    const taken: Taken[] = [];
    const selection = new Selection(filter, this.#options.reader);
    for (const queue of this.#queues(request)) {
      if (taken.length >= batchSize || isOver()) break;
      const progress = this.#options.progress.get(group, topic, queue.queueId);
      const before = taken.length;
      const nextBefore = progress.next;
      try {
        const lease = group.ordered
          ? this.#ordered.begin(request, queue, progress, taken)
          : () => this.#lease(request, queue, progress, taken, selection);
        for (let wait = lease(); wait; wait = lease()) {
          await wait;
          if (isOver()) break;
        }
      } finally {
        // After a failure too: the next record of this progress builds on what was leased by then.
        const granted = taken.slice(before).map(({ lease }) => lease);
        const leases = granted.filter(({ live }) => live); // a reset meanwhile takes them back
        // Messages passed over count too: what is committed must not go back at a restart (P3).
        const moved = leases.length > 0 || progress.next !== nextBefore;
        // So does that the group was here: what comes now is to be read by it.
        if (moved || !progress.recorded) {
          const { progress: table } = this.#options;
          table.recordLeases(progress, leases, CAUSE.handedOut, request.caller);
        }
      }
    }
    return taken;
  }

  #queues(request: PopRequest): ConsumeQueue[] {
    const { group, topic, queueId } = request;
    const { queues } = topic;
    const repeated = group.ordered ? this.#ordered.queuesOfAttempt(request) : [];
    if (repeated.length > 0) return repeated;
    if (queueId !== ANY_QUEUE) return queues[queueId] ? [queues[queueId]] : [];
    this.#turn = (this.#turn + 1) >>> 0;
    const first = this.#turn % queues.length;
    return [...queues.slice(first), ...queues.slice(0, first)];
  }

  /** Leases what it can; returns what must be waited for before there may be more. */
  #lease(
    request: PopRequest,
    queue: ConsumeQueue,
    progress: Progress,
    taken: Taken[],
    selection: Selection,
  ): Promise<unknown> | undefined {
    const { batchSize } = request;
    const { reader, committed } = this.#options;
    for (
      let again = progress.firstExpired();
      again !== undefined;
      again = progress.firstExpired()
    ) {
      if (taken.length >= batchSize) return undefined;
      if (again < queue.minOffset) {
        this.#options.progress.drop(progress, again); // retention has taken it
        continue;
      }
      const place = reader.placeNow(queue, again);
      if (!place) return reader.place(queue, again);
      if (!mayTake(request, taken)) return undefined;
      const lease = this.#grant(request, progress, again);
      taken.push({ queue, place, lease });
    }
    progress.advance(queue.minOffset);
    const readable = queue.readable(committed());
    while (progress.next < readable && taken.length < batchSize) {
      if (progress.outstandingCount >= CONSUME.outstandingPerQueueMax) return undefined;
      if (selection.shouldPause()) return nextTurn();
      const offset = progress.next;
      const run = queue.find(offset);
      if (!run) return reader.place(queue, offset);
      const choice = selection.choose(queue, run, offset);
      if (choice instanceof Promise) return choice;
      const { wanted, read } = choice;
      if (wanted && !mayTake(request, taken)) return undefined;
      progress.advance(offset + 1);
      if (!wanted) continue;
      const lease = this.#grant(request, progress, offset);
      taken.push({ queue, place: placeIn(run, offset), lease, read });
    }
    return undefined;
  }

  #grant(
    { invisibleMs, renewFor }: PopRequest,
    progress: Progress,
    offset: number,
    attempt = (progress.lease(offset)?.attempt ?? 0) + 1,
  ): Lease {
    const nowMs = this.#options.clock.nowMs();
    const untilMs = nowMs + CONSUME.autoRenewMaxMs;
    const renewal = renewFor === undefined ? undefined : { clientId: renewFor, untilMs };
    const lease = progress.grant(
      {
        offset,
        deadlineMs: nowMs + invisibleMs,
        attempt,
        // One of before a reset must not be taken for this one: its handle acknowledges nothing.
        sequence: (progress.lease(offset)?.sequence ?? this.#options.progress.sequence) + 1,
      },
      renewal,
    );
    this.#options.watch.watch(lease);
    return lease;
  }

  async #read(taken: Taken[], { group, filter }: PopRequest): Promise<Delivery[]> {
    const { reader, progress, onDamage } = this.#options;
    const deliveries: Delivery[] = [];
    for (const { queue, place, read, lease } of taken) {
      const { offset } = lease;
      try {
        const { message, properties } =
          read ??
          readMessage(
            reader.readNow(place, queue, offset) ?? (await reader.read(place, queue, offset)),
          );
        if (!lease.live) continue; // a reset meanwhile has taken it back
        const wanted = filter.accepts(properties) && isFor(group, properties);
        if (wanted) deliveries.push({ message, properties, lease });
        else progress.drop(lease.progress, offset); // another tag of the same hash, for one
      } catch (error) {
        onDamage(error); // never served; it is tried again when its lease ends
      }
    }
    return deliveries;
  }

  /** They were not delivered after all: they are free again, and the attempt does not count. */
  giveBack(deliveries: Delivery[]): void {
    for (const { lease } of deliveries) {
      if (!lease.live || lease.expired) continue;
      const { progress, offset, attempt, sequence } = lease;
      const nowMs = this.#options.clock.nowMs();
      const entry = { offset, deadlineMs: nowMs, attempt: attempt - 1, sequence: sequence + 1 };
      progress.expire(progress.grant(entry));
      this.#options.progress.recordLeases(progress, [entry], CAUSE.givenBack);
      this.#options.polls.wake(progress.topicId, progress.queueId, progress.groupId);
    }
  }
}
