/** Fills topics and empties them again: what several scenarios measure. */
import type { LoadOptions } from './load/options.ts';
import type { LoadResult } from './load/process.ts';
import type { Trial } from './scenario.ts';
import type { RunningServer } from './servers/contender.ts';

/** Long enough for a first poll to reach every queue of every topic. */
const SUBSCRIBE_SECONDS = 2;

/**
 * Makes the group known before there are messages: a group's first poll may start it at the end of
 * what is there.
 */
export async function subscribe(
  trial: Trial,
  server: RunningServer,
  options: Pick<LoadOptions, 'topics' | 'group'>,
): Promise<void> {
  await trial.load(server, {
    ...options,
    mode: 'poll',
    connections: 1,
    receivers: options.topics.length,
    warmupSeconds: 0,
    seconds: SUBSCRIBE_SECONDS,
  });
}

/** Sends so many messages as fast as the server takes them. */
export function fill(
  trial: Trial,
  server: RunningServer,
  options: Pick<LoadOptions, 'topics' | 'messages'> & Partial<LoadOptions>,
): Promise<LoadResult> {
  return trial.load(server, { ...options, mode: 'produce', warmupSeconds: 0 });
}

/**
 * Receives and acknowledges; the first `drainWarmup` of `messages` are not measured, unless it says
 * otherwise.
 */
export function drain(
  trial: Trial,
  server: RunningServer,
  options: Pick<LoadOptions, 'topics' | 'group' | 'messages'> & Partial<LoadOptions>,
): Promise<LoadResult> {
  const warmupMessages = trial.sizes.drainWarmup;
  return trial.load(server, { warmupMessages, ...options, mode: 'drain' });
}
