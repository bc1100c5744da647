import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;

/**
 * Waits for a condition of the real world. Resolves with the first value that is neither undefined
 * nor false; throws after `timeoutMs`, with what `describe` says about the state by then.
 */
export async function until<T>(
  timeoutMs: number,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  describe: () => string = () => 'the condition never came true',
): Promise<T> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (performance.now() >= endMs) throw new Error(`after ${timeoutMs} ms: ${describe()}`);
    await sleep(POLL_MS);
  }
}

/** The outcome of `work`, or `failure()` if it takes longer than `ms`; the work itself goes on. */
export async function withinMs<T>(ms: number, work: Promise<T>, failure: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(failure()), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
