import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { Lifecycle, type Part } from '#lib/lifecycle';
import { LISTEN } from '#lib/limits';
import { createLog } from '#lib/log';
import { ManualClock } from '#support/manual-clock';
import { until } from '#support/until';

const FIXTURE = fileURLToPath(new URL('fixtures/lifecycle-process.ts', import.meta.url));
const READY_MS = 10_000;

interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exit: Promise<number | null>;
}

function run(behaviour: string): Run {
  const child = spawn(process.execPath, [FIXTURE, behaviour], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const exit = once(child, 'close').then(([code]) => code as number | null);
  return { child, output: () => output, exit };
}

async function ready(behaviour: string): Promise<Run> {
  const started = run(behaviour);
  await until(READY_MS, () => started.output().includes('ready'), started.output);
  return started;
}

/** Lines that the parts printed, without the log. */
function events(output: string): readonly string[] {
  return output.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
}

describe('a process', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'stops in reverse on %s and exits with 0',
    async (name) => {
      const { child, output, exit } = await ready('normal');
      child.kill(name);
      expect(await exit).toBe(0);
      expect(events(output())).toEqual([
        'first starts',
        'second starts',
        'ready',
        'second stops',
        'first stops',
      ]);
    },
  );

  test('waits for a part that takes its time', async () => {
    const { child, output, exit } = await ready('slow');
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    expect(events(output()).at(-1)).toBe('first stops');
  });

  test('exits with 1 when a part does not stop in time, and says which', async () => {
    const { child, output, exit } = await ready('hang');
    child.kill('SIGTERM');
    expect(await exit).toBe(1);
    expect(output()).toMatch(/"part":"second","timeoutMs":300,"msg":"a part did not stop in time"/);
    expect(events(output())).not.toContain('first stops');
  });

  test('a second signal ends it at once', async () => {
    const { child, output, exit } = await ready('hang-long');
    child.kill('SIGTERM');
    await until(READY_MS, () => output().includes('second stops'), output);
    const signal = setInterval(() => child.kill('SIGINT'), LISTEN.signalEchoMs);
    expect(await exit).toBe(1);
    clearInterval(signal);
    expect(output()).toContain('second signal');
    expect(output()).not.toContain('did not stop in time');
  });

  test('one Ctrl-C that is heard twice stops it in order', async () => {
    const { child, output, exit } = await ready('normal');
    child.kill('SIGINT');
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    expect(output()).not.toContain('second signal');
  });

  test('a part that fails to stop does not keep the others from it', async () => {
    const { child, output, exit } = await ready('bad-stop');
    child.kill('SIGTERM');
    expect(await exit).toBe(1);
    expect(events(output()).at(-1)).toBe('first stops');
    expect(output()).toContain('second does not stop');
  });

  test('a failed start stops what was started and exits with 1', async () => {
    const { output, exit } = run('bad-start');
    expect(await exit).toBe(1);
    expect(events(output())).toEqual(['first starts', 'first stops']);
    expect(output()).toContain('second is broken');
  });

  test.each(['throw', 'reject'])('logs what nobody caught and exits with 1: %s', async (how) => {
    const { output, exit } = run(how);
    expect(await exit).toBe(1);
    expect(output()).toMatch(
      /"level":"fatal".*nobody (catches|handles) this.*an error that nobody/,
    );
  });
});

describe('in one process', () => {
  const log = createLog({ level: 'silent', format: 'json' });

  test('waitingFor tells the phases apart', async () => {
    const lifecycle = new Lifecycle({ log });
    lifecycle.add({ name: 'only' });
    expect(lifecycle.waitingFor).toBe('starting');
    await lifecycle.start();
    expect(lifecycle.waitingFor).toBeUndefined();
    const stopped = lifecycle.stop('test');
    expect(lifecycle.waitingFor).toBe('stopping');
    expect(await stopped).toBe(true);
  });

  test('a stop during the start waits for the part that starts, then no other starts', async () => {
    const seen: string[] = [];
    let finishStart = (): void => undefined;
    const slow: Part = {
      name: 'slow',
      start: () => new Promise<void>((resolve) => (finishStart = resolve)),
      stop: () => void seen.push('slow stops'),
    };
    const lifecycle = new Lifecycle({ log });
    lifecycle.add(slow);
    lifecycle.add({ name: 'next', start: () => void seen.push('next starts') });
    const started = lifecycle.start();
    const stopped = lifecycle.stop('test');
    finishStart();
    await started;
    expect(await stopped).toBe(true);
    expect(seen).toEqual(['slow stops']);
  });

  test('the time to stop is for all parts together', async () => {
    const clock = new ManualClock();
    const lifecycle = new Lifecycle({ log, clock, stopTimeoutMs: 1000 });
    lifecycle.add({ name: 'never', stop: () => new Promise<void>(() => undefined) });
    await lifecycle.start();
    const stopped = lifecycle.stop('test');
    await clock.advanceAsync(1000);
    expect(await stopped).toBe(false);
    expect(await lifecycle.stop('again')).toBe(false);
  });
});
