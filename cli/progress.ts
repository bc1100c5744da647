/** A bar on standard error for what takes long; nothing at all when that is not a terminal. */
import { systemClock, type Clock } from '#lib/clock';
import { ADMIN } from '#lib/limits';

const BAR_CELLS = 24;

export interface Progress {
  /** How much is done; draws at most every `ADMIN.progressEveryMs`. */
  update(done: number): void;
  /** Removes the bar. */
  finish(): void;
}

export interface Screen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** `what` stands before the bar, e.g. `sending`. */
export function createProgress(
  what: string,
  total: number,
  screen: Screen = process.stderr,
  clock: Clock = systemClock,
): Progress {
  if (!screen.isTTY) return { update: () => undefined, finish: () => undefined };
  const startMs = clock.monotonicMs();
  let drawnMs = startMs + ADMIN.progressAfterMs - ADMIN.progressEveryMs;
  let isShown = false;
  return {
    update(done) {
      const nowMs = clock.monotonicMs();
      if (nowMs - drawnMs < ADMIN.progressEveryMs) return;
      drawnMs = nowMs;
      isShown = true;
      screen.write(`\r\u001b[K${line(what, done, total, nowMs - startMs)}`);
    },
    finish() {
      if (isShown) screen.write('\r\u001b[K');
    },
  };
}

function line(what: string, done: number, total: number, elapsedMs: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.round(share * BAR_CELLS);
  const bar = `${'#'.repeat(filled)}${'-'.repeat(BAR_CELLS - filled)}`;
  const perSecond = (done * 1000) / Math.max(1, elapsedMs);
  const leftSeconds = perSecond > 0 ? Math.ceil((total - done) / perSecond) : undefined;
  const left = leftSeconds === undefined ? '' : `  ${leftSeconds} s left`;
  const percent = Math.floor(share * 100);
  return `${what} [${bar}] ${percent} %  ${done}/${total}  ${Math.round(perSecond)}/s${left}`;
}
