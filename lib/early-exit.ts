/**
 * The first process of a container is not ended by a signal unless it handles it. Until a process
 * has something to stop, it just ends.
 */

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** What a shell says of a process that a signal ended. */
const SIGNAL_EXIT = { SIGTERM: 143, SIGINT: 130 } as const;

function exit(signal: 'SIGTERM' | 'SIGINT'): void {
  process.exit(SIGNAL_EXIT[signal]);
}

export function exitEarly(): void {
  for (const signal of SIGNALS) process.on(signal, exit);
}

/** From now on somebody else handles them. */
export function exitEarlyNoMore(): void {
  for (const signal of SIGNALS) process.off(signal, exit);
}
