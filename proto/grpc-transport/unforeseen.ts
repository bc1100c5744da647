/** Failures that no handler foresaw: the client learns nothing of them, the log everything. */
import type { Log } from '#lib/log';
import type { CallCounters } from '#proto/grpc-transport/listener-options';

/** gRPC's INTERNAL. */
const INTERNAL = 13;

/** What a client learns of it. */
export const UNFORESEEN = {
  grpcStatus: INTERNAL,
  message: 'internal error; the server log has the cause',
} as const;

interface FailedCall {
  readonly path: string;
  readonly peer: string;
  readonly clientId: string;
}

interface Keeper {
  readonly log: Log;
  readonly counters: CallCounters;
}

export function logUnforeseen(
  error: unknown,
  { path, peer, clientId }: FailedCall,
  { log, counters }: Keeper,
): void {
  counters.failed++;
  const facts = { error, method: path, peer, clientId };
  log.error(facts, 'a call failed in a way that its handler did not foresee');
}
