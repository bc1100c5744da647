import { expect, test } from '@jest/globals';
import { createProgress } from '#cli/progress';
import { ManualClock } from '#support/manual-clock';

function screen(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, written, write: (text: string) => written.push(text) };
}

test('a bar appears when it takes long, is redrawn at times, and goes away', () => {
  const clock = new ManualClock();
  const out = screen(true);
  const progress = createProgress('sending', 1000, out, clock);
  clock.advance(499);
  progress.update(100);
  expect(out.written).toEqual([]);
  clock.advance(1);
  progress.update(250);
  progress.update(251);
  expect(out.written).toEqual([
    '\r\u001b[Ksending [######------------------] 25 %  250/1000  500/s  2 s left',
  ]);
  clock.advance(100);
  progress.update(1000);
  progress.finish();
  expect(out.written).toHaveLength(3);
  expect(out.written.at(-1)).toBe('\r\u001b[K');
});

test('nothing is drawn for what is quick, or where there is no terminal', () => {
  const clock = new ManualClock();
  const quick = screen(true);
  createProgress('sending', 10, quick, clock).finish();
  expect(quick.written).toEqual([]);
  const pipe = screen(false);
  const progress = createProgress('sending', 10, pipe, clock);
  clock.advance(10_000);
  progress.update(5);
  progress.finish();
  expect(pipe.written).toEqual([]);
});
