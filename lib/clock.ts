/** Time as the code sees it; tests hand in a clock of their own and move it themselves. */

/** Something that will run; `cancel` is safe to call at any time, also from inside the run. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the epoch. May jump when somebody sets the machine's clock. */
  nowMs(): number;
  /** Milliseconds since some fixed point; never goes back. For measuring how long things take. */
  monotonicMs(): number;
  /** Runs once after `delayMs`, however long that is (also beyond Node's own 24.8 days). */
  setTimeout(run: () => void, delayMs: number): Timer;
  /** Runs every `periodMs` until cancelled. */
  setInterval(run: () => void, periodMs: number): Timer;
}

/** Node fires at once, with a warning, when a delay does not fit in 31 bits. */
const NODE_DELAY_MS_MAX = 2 ** 31 - 1;

/**
 * The machine's time. Its timers don't keep the process alive: listeners do that, and a process
 * whose listeners are closed must be able to end.
 */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimeout: startTimeout,
  setInterval(run, periodMs) {
    const interval = setInterval(run, Math.min(periodMs, NODE_DELAY_MS_MAX));
    interval.unref();
    return { cancel: () => clearInterval(interval) };
  },
};

function startTimeout(run: () => void, delayMs: number): Timer {
  let timeout: NodeJS.Timeout;
  let remainingMs = delayMs;
  const arm = (): void => {
    const stepMs = Math.min(remainingMs, NODE_DELAY_MS_MAX);
    remainingMs -= stepMs;
    timeout = setTimeout(() => (remainingMs > 0 ? arm() : run()), stepMs);
    timeout.unref();
  };
  arm();
  return { cancel: () => clearTimeout(timeout) };
}
