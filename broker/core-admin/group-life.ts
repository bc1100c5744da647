/** What happened to one message in one group, told from its records. */
import type { TraceEventKind, TraceOutcome } from '#broker/admin/message-trace';
import { NOBODY } from '#broker/store/members';
import { CAUSE } from '#broker/consume/progress-records';
import type { LeaseEntry } from '#broker/consume/progress';
import type { LifeRecord } from '#broker/core-admin/trace-records';

export interface LifeEvent {
  readonly kind: TraceEventKind;
  readonly atMs: number;
  readonly attempt?: number | undefined;
  untilMs?: number | undefined;
  readonly tookMs?: number | undefined;
  times: number;
  /** Position of the member's record. */
  readonly member: number;
  /** Position of the record that says so; of the next one where it is what none says. */
  readonly position: number;
}

/** The lease that the message has. */
interface Held {
  attempt: number;
  sinceMs: number;
  untilMs: number;
  member: number;
  /** Nobody has it: it waits to be handed out again. */
  waits: boolean;
}

export class GroupLife {
  readonly events: LifeEvent[] = [];
  #held: Held | undefined;
  #end: { outcome: TraceOutcome; atMs: number } | undefined;

  constructor(records: readonly LifeRecord[], offset: number, nowMs: number) {
    for (const record of records) {
      const { lease } = record;
      if (lease) this.#leased(record, lease);
      else if (record.cause === CAUSE.reset) this.#reset(record, offset);
      else this.#done(record);
    }
    this.#untilNow(nowMs);
  }

  get outcome(): TraceOutcome {
    if (this.#end) return this.#end.outcome;
    if (!this.#held) return 'not-yet';
    return this.#held.waits ? 'waiting-for-retry' : 'in-progress';
  }

  get attempts(): number {
    return this.events.filter(({ kind }) => kind === 'handed-out').length;
  }

  /** When the group was done with it. */
  get endMs(): number | undefined {
    return this.#end?.atMs;
  }

  #leased(record: LifeRecord, lease: LeaseEntry): void {
    switch (record.cause) {
      case CAUSE.renewed:
        return this.#renewed(record, lease);
      case CAUSE.extended:
        return this.#changed('extended', record, lease);
      case CAUSE.postponed:
        return this.#changed('postponed', record, lease);
      case CAUSE.givenBack:
        return this.#changed('given-back', record, lease);
      case CAUSE.caughtUp:
        return this.#caughtUp(record, lease);
      default:
        return this.#handedOut(record, lease);
    }
  }

  #handedOut({ atMs, member, position }: LifeRecord, lease: LeaseEntry): void {
    const { attempt, deadlineMs: untilMs } = lease;
    this.#lost(atMs, attempt, position);
    this.#end = undefined; // a group that was sent back begins anew
    this.#held = { attempt, sinceMs: atMs, untilMs, member, waits: false };
    this.events.push({ kind: 'handed-out', atMs, attempt, untilMs, times: 1, member, position });
  }

  /** One after the other without anything between is one event. */
  #renewed({ atMs, position }: LifeRecord, { attempt, deadlineMs: untilMs }: LeaseEntry): void {
    const last = this.events.at(-1);
    const member = this.#held?.member ?? NOBODY;
    if (this.#held) this.#held.untilMs = untilMs;
    if (last?.kind === 'renewed' && last.attempt === attempt) {
      last.times++;
      last.untilMs = untilMs;
    } else {
      this.events.push({ kind: 'renewed', atMs, attempt, untilMs, times: 1, member, position });
    }
  }

  #changed(
    kind: 'extended' | 'postponed' | 'given-back',
    { atMs, member, position }: LifeRecord,
    { deadlineMs: untilMs }: LeaseEntry,
  ): void {
    const held = this.#held;
    const attempt = held?.attempt;
    const tookMs = held && !held.waits ? atMs - held.sinceMs : undefined;
    if (held) {
      held.untilMs = untilMs;
      held.waits = kind !== 'extended';
    }
    const until = kind === 'given-back' ? undefined : untilMs;
    const rest = { times: 1, member: member || (held?.member ?? NOBODY), position };
    this.events.push({ kind, atMs, attempt, untilMs: until, tookMs, ...rest });
  }

  /** The log lacks when it was handed out, but knows that it was. */
  #caughtUp(record: LifeRecord, lease: LeaseEntry): void {
    const held = this.#held;
    if (held?.attempt !== lease.attempt) this.#handedOut(record, lease);
    else held.untilMs = lease.deadlineMs;
  }

  /** Whoever had it did not say anything of it until now, when it is handed out again. */
  #lost(atMs: number, nextAttempt: number, position: number): void {
    const held = this.#held;
    if (!held || held.waits) return;
    const { attempt, untilMs, member } = held;
    const rest = { attempt, times: 1, member, position };
    if (untilMs <= atMs) this.events.push({ kind: 'timed-out', atMs: untilMs, ...rest });
    else if (attempt !== nextAttempt) this.events.push({ kind: 'released', atMs, ...rest });
  }

  /** Nobody has it any more, whoever had it. */
  #reset({ atMs, member, position, next = 0 }: LifeRecord, offset: number): void {
    this.#held = undefined;
    this.#end = next > offset ? { outcome: 'passed-over', atMs } : undefined;
    this.events.push({ kind: 'reset', atMs, times: 1, member, position });
  }

  #done({ cause, atMs, member, position }: LifeRecord): void {
    const held = this.#held;
    this.#held = undefined;
    if (cause === CAUSE.passedOver) {
      // Its consumer has never got it: what is looked into has to be taken first.
      if (this.events.at(-1)?.kind === 'handed-out') this.events.pop();
      this.#end = { outcome: 'passed-over', atMs };
      return;
    }
    const isDeadLetter = cause === CAUSE.deadLettered;
    if (isDeadLetter && held && !held.waits && held.untilMs <= atMs) {
      const { attempt, untilMs, member: holder } = held;
      const rest = { attempt, times: 1, member: holder, position };
      this.events.push({ kind: 'timed-out', atMs: untilMs, ...rest });
    }
    this.#end = { outcome: isDeadLetter ? 'dead-lettered' : 'consumed', atMs };
    const isCommit = cause === CAUSE.committed;
    const kind = isDeadLetter ? 'dead-lettered' : isCommit ? 'committed' : 'acknowledged';
    const tookMs = held && kind === 'acknowledged' ? atMs - held.sinceMs : undefined;
    const { attempt } = held ?? {};
    this.events.push({ kind, atMs, attempt, tookMs, times: 1, member, position });
  }

  #untilNow(nowMs: number): void {
    const held = this.#held;
    if (!held || held.waits || held.untilMs > nowMs) return;
    const { attempt, untilMs, member } = held;
    this.events.push({
      kind: 'timed-out',
      atMs: untilMs,
      attempt,
      times: 1,
      member,
      position: Infinity,
    });
    held.waits = true;
  }
}
