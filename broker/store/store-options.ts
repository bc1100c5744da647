/** What a store is opened with, and what it says of itself. */
import type { Clock } from '#lib/clock';
import type { Log } from '#lib/log';

import type { Durability } from '#broker/store/commit-log';
import type { StoreFiles } from '#broker/store/files';

export interface StoreOptions {
  directory: string;
  durability: Durability;
  retentionMs: number;
  /** Share of the disk in use, 0..1, above which old segments go early. */
  diskWatermark: number;
  diskReserveBytes: number;
  segmentBytes: number;
  clock: Clock;
  files: StoreFiles;
  log: Log;
}

/** Positions in the log, and the room there is. */
export interface StoreStatus {
  start: number;
  /** Everything written after that is there. */
  startMs: number | undefined;
  end: number;
  committed: number;
  durable: number;
  applied: number;
  batches: number;
  segments: number;
  freeBytes: number;
  totalBytes: number;
}
