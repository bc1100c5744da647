/** What pop promises, as a table: every message of a group is in exactly one of these states. */
import { CONSUME } from '#lib/limits';

export interface Leased {
  is: 'leased';
  untilMs: number;
  attempt: number;
  handle: string;
  /** The client for which it is renewed, and until when at most. */
  renewal: { clientId: string; untilMs: number } | undefined;
}

export interface Free {
  is: 'free';
  attempt: number;
  /** Freed before its time, which a restart does not know: then it is hidden until then. */
  early: Leased | undefined;
}

export type MessageState = { is: 'unseen' } | Leased | Free | { is: 'done' } | { is: 'dead' };

export interface SentMessage {
  id: string;
  tag: string | undefined;
}

/** A group in one queue: the state of each of its offsets. */
export class GroupQueue {
  readonly retryMaxTimes: number;
  readonly states: MessageState[] = [];
  /** An operator has set it elsewhere, and it has not committed an offset since. */
  resetUntold = false;

  constructor(retryMaxTimes: number) {
    this.retryMaxTimes = retryMaxTimes;
  }

  #end({ attempt }: Leased, early: Leased | undefined): MessageState {
    if (attempt > this.retryMaxTimes) return { is: 'dead' };
    return { is: 'free', attempt, early };
  }

  /** Time has come to `nowMs`; the clients in `connected` were there all the while. */
  expire(nowMs: number, connected: ReadonlySet<string>): void {
    for (const [offset, state] of this.states.entries()) {
      if (state.is !== 'leased') continue;
      while (state.untilMs <= nowMs && isRenewed(state, connected)) {
        const slice = state.untilMs + CONSUME.autoRenewSliceMs;
        state.untilMs = Math.min(slice, state.renewal?.untilMs ?? 0);
      }
      if (state.untilMs <= nowMs) this.states[offset] = this.#end(state, undefined);
    }
  }

  release(clientId: string): void {
    for (const [offset, state] of this.states.entries()) {
      if (state.is !== 'leased' || state.renewal?.clientId !== clientId) continue;
      this.states[offset] = this.#end(state, state);
    }
  }

  /** A restart: nothing is renewed any more. */
  restart(): void {
    for (const [offset, state] of this.states.entries()) {
      if (state.is === 'free' && state.early) this.states[offset] = state.early;
      const now = this.states[offset];
      if (now?.is === 'leased') now.renewal = undefined;
    }
  }

  commit(offset: number): void {
    for (let i = 0; i < offset; i++) {
      if (this.states[i]?.is !== 'dead') this.states[i] = { is: 'done' };
    }
  }

  /** An operator sets the group to `offset`: what is behind is as if it never had come. */
  reset(offset: number): void {
    for (const i of this.states.keys()) {
      if (i >= offset) this.states[i] = { is: 'unseen' };
      else if (this.states[i]?.is !== 'dead') this.states[i] = { is: 'done' };
    }
    this.resetUntold = true;
  }

  /** The first that was never handed out. */
  get next(): number {
    const unseen = this.states.findIndex(({ is }) => is === 'unseen');
    return unseen < 0 ? this.states.length : unseen;
  }

  /** Everything below is done with. */
  get committed(): number {
    const open = this.states.findIndex(({ is }) => is !== 'done' && is !== 'dead');
    return open < 0 ? this.states.length : open;
  }
}

function isRenewed({ renewal, untilMs }: Leased, connected: ReadonlySet<string>): boolean {
  return renewal !== undefined && connected.has(renewal.clientId) && untilMs < renewal.untilMs;
}

export class PopModel {
  readonly sent: SentMessage[][];
  /** By group, then by queue. */
  readonly groups: GroupQueue[][];
  readonly connected = new Set<string>();
  /** Moved to the dead letters, then read again after a reset. */
  readonly diedBefore: { group: number; id: string }[] = [];
  /** Every handle ever given out, right or stale by now. */
  readonly handles: { text: string; group: number; queue: number; offset: number }[] = [];

  constructor(queues: number, retries: readonly number[]) {
    this.sent = Array.from({ length: queues }, () => []);
    this.groups = retries.map((retryMaxTimes) =>
      Array.from({ length: queues }, () => new GroupQueue(retryMaxTimes)),
    );
  }

  send(queue: number, message: SentMessage): void {
    this.sent[queue]?.push(message);
    for (const group of this.groups) group[queue]?.states.push({ is: 'unseen' });
  }

  /** What is behind `offset` comes again: the dead among it have their copies all the same. */
  died(group: number, queue: number, offset: number): void {
    for (const [i, { is }] of this.at(group, queue).states.entries()) {
      if (i < offset || is !== 'dead') continue;
      this.diedBefore.push({ group, id: this.sent[queue]?.[i]?.id ?? '' });
    }
  }

  get all(): { group: number; queue: number; at: GroupQueue }[] {
    return this.groups.flatMap((queues, group) =>
      queues.map((at, queue) => ({ group, queue, at })),
    );
  }

  at(group: number, queue: number): GroupQueue {
    return this.groups[group]?.[queue] as GroupQueue;
  }

  expire(nowMs: number): void {
    for (const { at } of this.all) at.expire(nowMs, this.connected);
  }
}
