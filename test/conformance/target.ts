export type TargetName = 'sluice' | 'rocketmq';
export type TopicKind = 'normal' | 'fifo' | 'delay' | 'transaction';

export interface GroupOptions {
  ordered?: boolean;
  /** Deliveries after the first; the server's default unless given. */
  retryMaxTimes?: number;
}

/** A server that the cases run against. */
export interface Target {
  readonly name: TargetName;
  /** `host:port` of the gRPC door, for plaintext and TLS alike. */
  readonly endpoints: string;
  createTopic(name: string, kind: TopicKind, queues: number): Promise<void>;
  createGroup(name: string, options?: GroupOptions): Promise<void>;
  stop(): Promise<void>;
}

/**
 * What a case expects of each server where the two differ, and why they do. README.md lists all.
 */
export interface Difference<T> {
  readonly sluice: T;
  readonly rocketmq: T;
  readonly why: string;
}

export function differs<T>(target: Target, difference: Difference<T>): T {
  return difference[target.name];
}

let names = 0;
const run = Date.now().toString(36);

/** A name that no earlier run used, since a shared server keeps its topics and groups. */
export function uniqueName(prefix: string): string {
  names += 1;
  return `${prefix}_${run}_${process.pid}_${names}`;
}
