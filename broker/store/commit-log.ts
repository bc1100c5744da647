/**
 * The log: records in one order, in memory first, on disk by group commit, announced when
 * committed.
 *
 * While one write and fdatasync is under way, new records queue in the tail; then all of them go in
 * one write. There is no timer and no fixed batch: the batch grows with the load (architecture.md
 * §3).
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Clock } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import { STORE } from '#lib/limits';

import { HEAD_BYTES, peekHead, writeRecord } from '#broker/store/record';
import type { LogRecord, Payload, RecordType } from '#broker/store/record';
import type { Segment, Segments } from '#broker/store/segments';
import { Tail } from '#broker/store/tail';

/**
 * `sync`: an answer waits for fdatasync. `fast`: only for the write; the disk follows within a
 * second.
 */
export type Durability = 'sync' | 'fast';

/** The epoch of a shard that has never had a second replica. */
const FIRST_EPOCH = 1;

export interface CommitLogOptions {
  durability: Durability;
  segmentBytes: number;
  clock: Clock;
  /** Appends, by the `append` it is given, a copy of all small state: the head of each segment. */
  carry: (append: (type: RecordType, payload: Payload) => void) => void;
  /** Everything before `position` is committed. */
  onCommitted: (position: number) => void;
  /** A write found no room; appends are refused until `resume`. */
  onFull: (error: unknown) => void;
  /** The log has left service for good (P5); only reads go on. */
  onFailed: (error: unknown) => void;
}

export interface Appended {
  position: number;
  end: number;
  timestampMs: number;
}

/** One group commit: everything that was appended while the one before was being written. */
class Batch {
  readonly done: Promise<void>;
  resolve!: () => void;
  reject!: (error: unknown) => void;

  constructor() {
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.done.catch(() => undefined); // a lease that nobody waits for is no unhandled rejection
  }
}

/** A write that found no room on the disk: the only failure after which the log goes on. */
class NoRoom extends Error {}

function noRoomFailure(cause?: unknown): SluiceError {
  return new SluiceError('DISK_FULL', 'the disk of the broker is full', { cause });
}

async function orNoRoom<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new NoRoom('no room', { cause: error });
    throw error;
  }
}

export class CommitLog {
  readonly #options: CommitLogOptions;
  readonly #segments: Segments;
  readonly #tail: Tail;
  #segment: Segment;
  #pending = new Batch();
  #writing = new Batch();
  #batchStart: number;
  /** Where the copy of the state ends with which the newest segment begins. */
  #carriedTo = 0;
  #written: number;
  #durable: number;
  #running: Promise<void> | undefined;
  #rollRequested = false;
  #rolling = false;
  #failure: unknown;
  #full = false;
  #closed = false;
  #batches = 0;
  #lastTimestampMs = 0;

  /** `end` is where recovery found the log to end; everything before it is on disk. */
  constructor(segments: Segments, end: number, options: CommitLogOptions) {
    this.#options = options;
    this.#segments = segments;
    this.#tail = new Tail(end);
    this.#segment = segments.last as Segment;
    this.#batchStart = end;
    this.#written = end;
    this.#durable = end;
  }

  get end(): number {
    return this.#tail.end;
  }

  /** What may be read and answered: fsynced in `sync`, written in `fast`. */
  get committed(): number {
    return this.#written;
  }

  /** What would survive a power loss. */
  get durable(): number {
    return this.#durable;
  }

  get start(): number {
    return (this.#segments.first as Segment).base;
  }

  /** The base of the segment that the next record goes into. */
  get appendBase(): number {
    return this.#rolling ? this.#batchStart : this.#segment.base;
  }

  /** Group commits so far; appended records ÷ this is the size of a batch. */
  get batches(): number {
    return this.#batches;
  }

  /** Whether `append` would take a record now. */
  get writable(): boolean {
    const taken = this.#failure === undefined && !this.#full && !this.#closed;
    return taken && this.#pendingBytes < STORE.pendingBytesMax;
  }

  get #pendingBytes(): number {
    return this.#tail.end - this.#written;
  }

  get failure(): unknown {
    return this.#failure;
  }

  /** The disk had no room for the last write; the batch waits for `resume`. */
  get full(): boolean {
    return this.#full;
  }

  /**
   * Puts a record at the end of the log, in memory. It is stored once `whenCommitted(end)`
   * resolves.
   * @throws SluiceError STORE_UNAVAILABLE, DISK_FULL, SHUTTING_DOWN, TOO_MANY_REQUESTS
   */
  append(type: RecordType, payload: Payload): Appended {
    this.#admit();
    const appended = this.#append(type, payload);
    this.#kick();
    return appended;
  }

  #admit(): void {
    if (this.#failure !== undefined) {
      throw this.#unavailable();
    }
    if (this.#full) throw noRoomFailure();
    if (this.#closed) throw new SluiceError('SHUTTING_DOWN', 'the broker is shutting down');
    if (this.#pendingBytes >= STORE.pendingBytesMax) {
      throw new SluiceError(
        'TOO_MANY_REQUESTS',
        `${this.#pendingBytes} bytes wait for the disk, at ${STORE.pendingBytesMax} no more may`,
      );
    }
  }

  #append(type: RecordType, payload: Payload): Appended {
    const length = HEAD_BYTES + payload.bytes;
    const { buffer, at, position } = this.#tail.reserve(length);
    // Store times never go back, whatever the machine's clock does: queues are searched by them.
    const timestampMs = Math.max(this.#lastTimestampMs, this.#options.clock.nowMs());
    this.#lastTimestampMs = timestampMs;
    // Only before this may recovery take damage for damage: the rest nobody was promised to find.
    const promised = this.#options.durability === 'sync' ? this.#batchStart : this.#durable;
    const batchOffset = position - promised;
    const head = { type, epoch: FIRST_EPOCH, timestampMs, batchOffset };
    try {
      writeRecord(buffer, at, position, head, payload);
    } catch (error) {
      this.#tail.release(length); // a hole in the log would be damage to whoever reads it
      throw error;
    }
    return { position, end: this.#tail.end, timestampMs };
  }

  /** Resolves when everything before `end` is committed; rejects when it will not be. */
  whenCommitted(end: number): Promise<void> {
    if (end <= this.#written) return Promise.resolve();
    if (this.#full) return Promise.reject(noRoomFailure());
    if (end <= this.#batchStart) return this.#writing.done;
    return this.#pending.done;
  }

  /** Resolves when everything before `end` would survive a power loss, in `fast` too. */
  async whenDurable(end: number): Promise<void> {
    await this.whenCommitted(end);
    if (this.#durable >= end) return;
    const written = this.#written;
    try {
      if (this.#failure === undefined) await this.#segment.file.sync();
    } catch (error) {
      this.#fail(error);
    }
    // Another sync may have failed meanwhile: then the success of this one says nothing (P5).
    if (this.#failure !== undefined) throw this.#unavailable();
    this.#durable = Math.max(this.#durable, written);
  }

  /** Makes the segment that is written to begin with the carried state, unless it does already. */
  async begin(): Promise<void> {
    if (this.#segment.carries) return;
    if (this.#tail.end > this.#segment.base) return this.roll();
    this.#carry();
    this.#kick();
    await this.whenCommitted(this.#tail.end);
    this.#segment.carries = true;
    this.#segment.firstTimestampMs = this.#options.clock.nowMs();
  }

  /**
   * Ends the current segment after the batch that is next; the new one begins with the carried
   * state.
   */
  roll(): Promise<void> {
    this.#rollRequested = true;
    this.#kick();
    return this.#pending.done;
  }

  /** What the log has at `position`, within one record, if it is still in memory. */
  readNow(position: number, length: number): Buffer | undefined {
    return this.#tail.read(position, length);
  }

  /** The record at `position` if it is still in memory. */
  recordNow(position: number): LogRecord | undefined {
    const bytes = this.#tail.read(position, HEAD_BYTES);
    const head = bytes && peekHead(bytes, 0);
    const payload = head && this.#tail.read(position + HEAD_BYTES, head.length - HEAD_BYTES);
    if (!payload) return undefined;
    const { type, timestampMs, length } = head;
    return { position, type, timestampMs, payload, end: position + length };
  }

  /** Tries again what the full disk refused. */
  resume(): void {
    if (!this.#full) return;
    this.#full = false;
    this.#kick();
  }

  #kick(): void {
    if (this.#running || !this.#hasWork()) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      this.#kick();
    });
  }

  #hasWork(): boolean {
    const waiting = this.#tail.end > this.#written || this.#rollRequested || this.#rolling;
    return waiting && this.#failure === undefined && !this.#full;
  }

  async #run(): Promise<void> {
    while (this.#hasWork()) {
      await nextTurn(); // so that all calls that arrived in this turn share the batch
      try {
        await this.#step();
      } catch (error) {
        if (error instanceof NoRoom) this.#holdBack(error);
        else this.#fail(error);
      }
    }
  }

  async #step(): Promise<void> {
    const taken = this.#batchStart > this.#written; // again what a full disk refused
    if (!taken && this.#rolling) return this.#startSegment();
    if (!taken) this.#take();
    const from = this.#written;
    const to = this.#batchStart;
    if (to > from) {
      await orNoRoom(
        this.#segment.file.write(this.#tail.slices(from, to), from - this.#segment.base),
      );
      if (this.#options.durability === 'sync') {
        await this.#segment.file.sync();
        this.#durable = to;
      }
    }
    this.#publish(to);
    if (this.#rolling) await this.#startSegment();
  }

  #take(): void {
    this.#writing = this.#pending;
    this.#pending = new Batch();
    this.#batchStart = this.#tail.end;
    // What is carried does not count: it alone may be larger than a segment.
    const bytes = this.#batchStart - Math.max(this.#segment.base, this.#carriedTo);
    this.#rolling = this.#rollRequested || bytes >= this.#options.segmentBytes;
    this.#rollRequested = false;
    if (this.#rolling) this.#carry();
  }

  #carry(): void {
    this.#options.carry((type, payload) => void this.#append(type, payload));
    this.#carriedTo = this.#tail.end;
  }

  #publish(to: number): void {
    this.#written = to;
    this.#batches++;
    this.#tail.trim(to);
    this.#options.onCommitted(to);
    this.#writing.resolve();
  }

  /** The segment ends where the last batch ended; what is pending begins the next one. */
  async #startSegment(): Promise<void> {
    if (this.#durable < this.#written) await this.#segment.file.sync();
    this.#durable = this.#written;
    const segment = await orNoRoom(this.#segments.create(this.#written));
    segment.firstTimestampMs = this.#options.clock.nowMs();
    segment.carries = true;
    this.#segment = segment;
    this.#rolling = false;
  }

  /**
   * The records stay, their callers are told, and `resume` tries again: an unknown outcome, not a
   * loss.
   */
  #holdBack(error: NoRoom): void {
    this.#full = true;
    const full = noRoomFailure(error);
    this.#writing.reject(full);
    this.#pending.reject(full);
    this.#writing = new Batch();
    this.#pending = new Batch();
    this.#options.onFull(error.cause);
  }

  #unavailable(): SluiceError {
    const options = { cause: this.#failure };
    return new SluiceError(
      'STORE_UNAVAILABLE',
      'the log is out of service after a disk error',
      options,
    );
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = error ?? new Error('unknown disk error');
    this.#writing.reject(this.#unavailable());
    this.#pending.reject(this.#unavailable());
    this.#options.onFailed(error);
  }

  /** Takes no more records, writes and syncs what there is. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
    if (this.#failure === undefined && !this.#full) await this.whenDurable(this.#tail.end);
  }
}
