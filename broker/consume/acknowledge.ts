/** What a consumer says of a message it holds: done, or later again (wire.md A.9). */
import type { Clock } from '#lib/clock';
import { SluiceError } from '#lib/errors';

import type { Group } from '#broker/topic/groups';
import type { Caller } from '#broker/store/members';
import type { LeaseWatch } from '#broker/consume/lease-watch';
import { CAUSE } from '#broker/consume/progress-records';
import type { Cause } from '#broker/consume/progress-records';
import type { ProgressTable } from '#broker/consume/progress-table';
import type { Lease, Progress } from '#broker/consume/progress';
import type { Receipts } from '#broker/consume/receipt';

export interface AcknowledgerOptions {
  clock: Clock;
  progress: ProgressTable;
  receipts: Receipts;
  watch: LeaseWatch;
  /** The end of the log: an answer about something already done waits for it. */
  end: () => number;
}

interface Held {
  progress: Progress;
  offset: number;
  /** Undefined when the message is done with already. */
  lease: Lease | undefined;
}

export class Acknowledger {
  readonly #options: AcknowledgerOptions;

  constructor(options: AcknowledgerOptions) {
    this.#options = options;
  }

  /**
   * The message is done; true once the log is committed up to the returned position. A second
   * acknowledgement of the same delivery is answered like the first: its answer may have been lost.
   * @throws SluiceError INVALID_RECEIPT_HANDLE
   */
  ack(group: Group, handle: string, caller?: Caller): number {
    const { progress, offset, lease } = this.#held(group, handle);
    if (!lease) return this.#options.end();
    return this.#options.progress.recordAcks(progress, [offset], CAUSE.acknowledged, caller);
  }

  /**
   * Hides the message for `invisibleMs` from now on. The old handle is dead, the new one is
   * returned.
   * @throws SluiceError INVALID_RECEIPT_HANDLE
   */
  changeInvisible(
    group: Group,
    handle: string,
    invisibleMs: number,
    cause: Cause = CAUSE.extended,
    caller?: Caller,
  ): { handle: string; end: number } {
    const { clock, watch, receipts, progress: table } = this.#options;
    const { progress, offset, attempt, sequence } = this.lease(group, handle);
    const deadlineMs = clock.nowMs() + invisibleMs;
    const lease = progress.grant({ offset, deadlineMs, attempt, sequence: sequence + 1 });
    const end = table.recordLeases(progress, [lease], cause, caller);
    watch.watch(lease);
    return { handle: receipts.sign({ ...placeOf(progress), ...lease }), end };
  }

  /**
   * The lease behind a handle. @throws SluiceError INVALID_RECEIPT_HANDLE unless it is still held
   */
  lease(group: Group, handle: string): Lease {
    const { lease } = this.#held(group, handle);
    if (lease) return lease;
    throw new SluiceError('INVALID_RECEIPT_HANDLE', 'the message is acknowledged already');
  }

  #held(group: Group, handle: string): Held {
    const { groupId, topicId, queueId, offset, sequence } = this.#options.receipts.verify(handle);
    if (groupId !== group.id) {
      throw new SluiceError('INVALID_RECEIPT_HANDLE', `the handle is not one of ${group.name}`);
    }
    const progress = this.#options.progress.find(groupId, topicId, queueId);
    if (!progress?.isTaken(offset)) {
      throw new SluiceError('INVALID_RECEIPT_HANDLE', 'the broker does not know that delivery');
    }
    const lease = progress.lease(offset);
    if (!lease) return { progress, offset, lease };
    // One that is renewed is only over once the watch has said so: its timer may be late.
    const late = !lease.renewal && lease.deadlineMs <= this.#options.clock.nowMs();
    const over = lease.expired || late;
    if (lease.sequence !== sequence || over) {
      throw new SluiceError(
        'INVALID_RECEIPT_HANDLE',
        'the handle has expired or was replaced; the message is delivered again',
      );
    }
    return { progress, offset, lease };
  }
}

function placeOf({ groupId, topicId, queueId }: Progress) {
  return { groupId, topicId, queueId };
}
