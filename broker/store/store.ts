/**
 * The store of one shard: the log, the index derived from it, and the watch over both. What the
 * records mean (topics, groups, progress) is known only to the state machine handed to `recover`.
 */
import path from 'node:path';

import type { Timer } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import { STORE } from '#lib/limits';
import type { Text } from '#proto/text';

import { CommitLog } from '#broker/store/commit-log';
import type { Appended } from '#broker/store/commit-log';
import type { ConsumeQueue, Run } from '#broker/store/consume-queue';
import { IndexDamageError } from '#broker/store/damage';
import { DiskWatch } from '#broker/store/disk-watch';
import { IndexDatabase } from '#broker/store/index-database';
import type { IndexChange, IndexRange } from '#broker/store/index-database';
import { KeyIndex } from '#broker/store/key-index';
import { LogReader } from '#broker/store/log-reader';
import { Materializer } from '#broker/store/materializer';
import { QueueIndex } from '#broker/store/queue-index';
import { HEAD_BYTES, NO_PAYLOAD, RECORD_TYPE } from '#broker/store/record';
import type { Payload, RecordType } from '#broker/store/record';
import { recover } from '#broker/store/recovery';
import type { Recovered } from '#broker/store/recovery';
import { firstKept, shouldRoll } from '#broker/store/retention';
import {
  assertBegins,
  assertReaches,
  inspectHeads,
  readBeginning,
  readCarried,
} from '#broker/store/segment-heads';
import { Segments } from '#broker/store/segments';
import type { Segment } from '#broker/store/segments';
import type { StateMachine } from '#broker/store/state-machine';
import type { StoreOptions, StoreStatus } from '#broker/store/store-options';
import { TimerIndex } from '#broker/store/timer-index';

export class Store {
  readonly #options: StoreOptions;
  readonly #segments: Segments;
  readonly #disk: DiskWatch;
  readonly reader: LogReader;
  readonly queues: QueueIndex;
  readonly keys: KeyIndex;
  readonly timers: TimerIndex;
  #database: IndexDatabase;
  #machine!: StateMachine;
  #log!: CommitLog;
  #materializer!: Materializer;
  #retentionTimer: Timer | undefined;
  #retaining: Promise<void> | undefined;
  #appended = new Set<ConsumeQueue>();
  /** New messages of this queue can be read. */
  onReadable: (queue: ConsumeQueue) => void = () => undefined;

  private constructor(options: StoreOptions, segments: Segments, database: IndexDatabase) {
    this.#options = options;
    this.#segments = segments;
    this.#database = database;
    this.reader = new LogReader(segments, () => this.#log);
    this.queues = new QueueIndex(() => this.#database);
    this.keys = new KeyIndex(
      () => this.#database,
      () => segments.all,
      () => this.#log.appendBase,
    );
    this.timers = new TimerIndex(() => this.#database);
    this.#disk = new DiskWatch({
      clock: options.clock,
      reserveBytes: options.diskReserveBytes,
      space: () => options.files.space(options.directory),
      onChange: (full, space) => this.#onDiskChange(full, space.freeBytes),
      onRoom: () => this.#log.resume(),
      onError: (error) => options.log.error({ error }, 'cannot see the room on the disk'),
    });
  }

  /** Opens log and index; `recover` must follow before anything else. */
  static async open(options: StoreOptions): Promise<Store> {
    await options.files.makeDirectory(options.directory);
    const database = await IndexDatabase.openSound(path.join(options.directory, 'index'), (error) =>
      options.log.warn({ error }, 'the index cannot be opened; it is made anew from the log'),
    );
    try {
      const segments = await Segments.open(options.files, path.join(options.directory, 'log'));
      return new Store(options, segments, database);
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /**
   * Brings `machine` to the state of the log's end and starts to take records.
   * @throws DamageError when something that was acknowledged can't be read
   */
  async recover(machine: StateMachine): Promise<Recovered> {
    this.#machine = machine;
    if (!this.#segments.first) await this.#segments.create(0);
    await inspectHeads(this.#segments);
    const { applied, recovered } = await this.#replay();
    machine.beginAt(await readBeginning(this.#segments));
    await this.#start(recovered.end, applied);
    return recovered;
  }

  async #start(end: number, applied: number): Promise<void> {
    const { durability, segmentBytes, clock, log } = this.#options;
    this.#log = new CommitLog(this.#segments, end, {
      durability,
      segmentBytes,
      clock,
      carry: (append) => this.#carry(append),
      onCommitted: (position) => this.#onCommitted(position),
      onFull: (error) => log.error({ error }, 'the disk is full: writes are turned away'),
      onFailed: (error) => log.fatal({ error }, 'the log is out of service'),
    });
    this.#materializer = new Materializer(applied, {
      clock,
      end: () => this.#log.end,
      whenDurable: (position) => this.#log.whenDurable(position),
      collect: (changes) => this.#collect(changes),
      write: (changes, position) => this.#database.write(changes, position),
      onFailed: (error) => log.fatal({ error }, 'the index is out of service'),
    });
    await this.#log.begin();
    await this.#materializer.run();
    await this.#disk.start();
    const check = (): void => void this.retain();
    this.#retentionTimer = clock.setInterval(check, STORE.retentionCheckMs);
  }

  /**
   * Loads the state from the index and applies what the log has beyond; a bad index is made anew.
   */
  async #replay(): Promise<{ applied: number; recovered: Recovered }> {
    const first = this.#segments.first as Segment;
    const start = first.base;
    const replayFrom = async (position: number): Promise<Recovered> => {
      await assertReaches(this.#segments, position);
      return recover(this.#segments, position, (record) => {
        this.#machine.apply(record, (this.#segments.at(record.position) as Segment).base);
      });
    };
    try {
      await this.#machine.load(this.#database);
      const { logStart } = this.#database;
      const applied =
        this.#database.applied() ?? ((await this.#segments.isEmpty()) ? start : undefined);
      if (applied !== undefined) assertBegins(first, logStart);
      if (applied !== undefined && applied >= start) {
        return { applied, recovered: await replayFrom(applied) };
      }
    } catch (error) {
      if (!(error instanceof IndexDamageError)) throw error;
      this.#options.log.warn({ error }, 'the index is damaged');
    }
    this.#options.log.info('the index is rebuilt from the log');
    const directory = path.join(this.#options.directory, 'index');
    await this.#database.close();
    await IndexDatabase.destroy(directory);
    this.#database = await IndexDatabase.open(directory);
    await this.#database.setLogStart(start);
    this.queues.clear();
    this.keys.clear();
    this.timers.clear();
    await this.#machine.load(this.#database);
    return { applied: start, recovered: await replayFrom(start) };
  }

  #carry(append: (type: RecordType, payload: Payload) => void): void {
    append(RECORD_TYPE.carryBegin, NO_PAYLOAD);
    this.#machine.carry(append);
    append(RECORD_TYPE.carryEnd, NO_PAYLOAD);
  }

  #collect(changes: IndexChange[]): () => void {
    const runs: Map<Run, ConsumeQueue> = this.queues.collect(changes);
    this.keys.collect(changes);
    this.timers.collect(changes);
    this.#machine.collect(changes);
    return () => {
      this.queues.written(runs);
      this.keys.written();
      this.timers.written();
    };
  }

  #onCommitted(position: number): void {
    const appended = this.#appended;
    this.#appended = new Set();
    for (const queue of appended) {
      if (queue.readable(position) < queue.nextOffset) this.#appended.add(queue);
      this.onReadable(queue);
    }
  }

  #onDiskChange(full: boolean, freeBytes: number): void {
    const { log } = this.#options;
    if (full) log.warn({ freeBytes }, 'little room on the disk: messages are turned away');
    else log.info({ freeBytes }, 'room on the disk again: messages are taken');
  }

  /** Why messages are turned away now; undefined when they are not. */
  get readOnlyReason(): SluiceError | undefined {
    if (this.#disk.full || this.#log.full) {
      return new SluiceError(
        'DISK_FULL',
        'the disk of the broker is full; messages are turned away',
      );
    }
    if (this.#log.failure === undefined && !this.#materializer.failed) return undefined;
    return new SluiceError('STORE_UNAVAILABLE', 'the store is out of service after a disk error');
  }

  /** Whether a record of the broker's own, such as a lease, would be taken now. */
  get writable(): boolean {
    return this.#log.writable;
  }

  get committed(): number {
    return this.#log.committed;
  }

  /** Where the next record will be. */
  get end(): number {
    return this.#log.end;
  }

  /**
   * Appends a record in memory; it is stored once `whenCommitted(end)` resolves.
   * @throws SluiceError STORE_UNAVAILABLE, DISK_FULL, SHUTTING_DOWN, TOO_MANY_REQUESTS
   */
  append(type: RecordType, payload: Payload): Appended {
    const appended = this.#log.append(type, payload);
    this.#materializeSoon();
    return appended;
  }

  whenCommitted(end: number): Promise<void> {
    return this.#log.whenCommitted(end);
  }

  /**
   * Appends a message and gives it the next offset of `queue`; `payload` already names that offset.
   */
  appendMessage(
    queue: ConsumeQueue,
    payload: Payload,
    tagHash: number,
    keys: readonly Text[],
  ): Appended {
    const segmentBase = this.#log.appendBase;
    const appended = this.#log.append(RECORD_TYPE.message, payload);
    const { position, timestampMs } = appended;
    const size = payload.bytes;
    this.indexMessage(queue, { position, size, tagHash, timestampMs, segmentBase, keys });
    this.#appended.add(queue);
    this.#materializeSoon();
    return appended;
  }

  #materializeSoon(): void {
    const waiting = this.keys.freshCount + this.timers.freshCount;
    if (waiting >= STORE.materializeKeys) void this.#materializer.run();
    else this.#materializer.schedule();
  }

  /** Enters a message of the log into queue and key index. */
  indexMessage(
    queue: ConsumeQueue,
    message: {
      position: number;
      /** Bytes of the payload. */
      size: number;
      tagHash: number;
      timestampMs: number;
      segmentBase: number;
      keys: readonly Text[];
    },
  ): void {
    const { position, size, tagHash, timestampMs, segmentBase } = message;
    const length = size + HEAD_BYTES;
    if (queue.append(position, length, tagHash, timestampMs, segmentBase)) {
      this.queues.markDirty(queue);
    }
    for (const key of message.keys) this.keys.add(queue.topicId, key, segmentBase, position);
  }

  /** The payload of the record at `position` if it is in memory. */
  readNow(position: number, length: number): Buffer | undefined {
    return this.#log.readNow(position + HEAD_BYTES, length - HEAD_BYTES);
  }

  /** The payload of the record at `position`. @throws DamageError */
  async read(position: number, length: number): Promise<Buffer> {
    return this.readNow(position, length) ?? (await this.reader.read(position, length)).payload;
  }

  /** The payload of the record at `position`, whatever its length. @throws DamageError */
  async readAt(position: number): Promise<Buffer> {
    return (await this.reader.readAt(position)).payload;
  }

  /** What the index has in a range; bound it. @throws IndexDamageError */
  indexEntries(range: IndexRange): Promise<[Buffer, Buffer][]> {
    return this.#database.entries(range);
  }

  /** Brings the index up to the log's end as it is now. */
  materialize(): Promise<void> {
    return this.#materializer.run();
  }

  nowMs(): number {
    return this.#options.clock.nowMs();
  }

  /** Deletes what is too old, or too much for the disk; runs by itself every 30 s. */
  async retain(): Promise<void> {
    this.#retaining ??= this.#retain().finally(() => (this.#retaining = undefined));
    await this.#retaining;
  }

  async #retain(): Promise<void> {
    const { clock, retentionMs, diskWatermark, log } = this.#options;
    try {
      const nowMs = clock.nowMs();
      const last = this.#segments.last as Segment;
      if (shouldRoll(last, nowMs, retentionMs) && this.#log.writable) await this.#log.roll();
      const underPressure = this.#disk.used > diskWatermark;
      const { applied } = this.#materializer;
      const kept = firstKept(this.#segments.all, { nowMs, retentionMs, underPressure, applied });
      if (kept && (await this.#carryForward(kept))) await this.#beginWith(kept);
    } catch (error) {
      log.error({ error }, 'old segments could not be deleted; the next try is in 30 s');
    }
  }

  /** Whether nothing that is still pending is left before `segment`, in log and index. */
  async #carryForward({ base }: Segment): Promise<boolean> {
    const end = await this.#machine.carryForward(base);
    await this.#log.whenDurable(this.#log.end);
    if (this.#materializer.applied < end) await this.#materializer.run();
    return this.#materializer.applied >= end;
  }

  async #beginWith(segment: Segment): Promise<void> {
    const carried = await readCarried(this.#segments, segment);
    if (!carried) {
      segment.carries = false;
      return;
    }
    const changed = this.#machine.beginAt(carried);
    this.reader.forgetBefore(segment.base);
    await this.#database.setLogStart(segment.base);
    const bytes = await this.#segments.removeBefore(segment);
    // Last, since after a crash an index with too much does no harm, but one with too little does.
    for (const queue of changed) await this.queues.dropBelowMin(queue);
    await this.keys.dropBefore(segment.base);
    await this.timers.dropBefore(segment.base);
    await this.#machine.forgetBefore(segment.base, this.#database);
    this.#options.log.info({ bytes, start: segment.base }, 'old segments deleted');
  }

  get status(): StoreStatus {
    const { start, end, committed, durable, batches } = this.#log;
    const { applied } = this.#materializer;
    const segments = this.#segments.all.length;
    const { freeBytes, totalBytes } = this.#disk.space;
    const positions = { start, end, committed, durable, applied };
    const startMs = this.#segments.first?.firstTimestampMs;
    return { ...positions, startMs, batches, segments, freeBytes, totalBytes };
  }

  /** Writes and indexes everything, then lets go of the files. */
  async close(): Promise<void> {
    this.#retentionTimer?.cancel();
    await this.#retaining;
    await this.#log.close();
    await this.#materializer.close();
    await this.release();
  }

  /** Lets go of the files as they are. */
  async release(): Promise<void> {
    this.#disk.stop();
    await this.#database.close();
    await this.#segments.close();
  }
}
