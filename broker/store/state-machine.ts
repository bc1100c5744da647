/** The contract between the store and what its records mean. */
import type { ConsumeQueue } from '#broker/store/consume-queue';
import type { IndexChange, IndexDatabase } from '#broker/store/index-database';
import type { LogRecord, Payload, RecordType } from '#broker/store/record';

/** The small state that the records of the log add up to. */
export interface StateMachine {
  /** Replaces the state by what the index has. */
  load(database: IndexDatabase): Promise<void>;
  /** Applies a record that is not in the index yet; `segmentBase` is where it lies. */
  apply(record: LogRecord, segmentBase: number): void;
  /** Adds what has changed since the last time. */
  collect(changes: IndexChange[]): void;
  /** Appends all of the state as records. */
  carry(append: (type: RecordType, payload: Payload) => void): void;
  /**
   * Appends again what is still pending and lies before `before`, all of which is about to go.
   * Returns the position that the index must have come to before that; 0 when there was nothing.
   */
  carryForward(before: number): Promise<number>;
  /** Takes out of the index what is of no use once the log begins at `position`. */
  forgetBefore(position: number, database: IndexDatabase): Promise<void>;
  /**
   * The log now begins with these carried records: raises the queues' first offsets, returns them.
   */
  beginAt(carried: LogRecord[]): ConsumeQueue[];
}
