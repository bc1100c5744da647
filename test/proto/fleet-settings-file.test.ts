import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FLEET } from '#lib/fleet-limits';
import { createLog } from '#lib/log';
import { FleetSettingsFile } from '#proto/fleet-settings-file';
import { ManualClock } from '#support/manual-clock';
import { until } from '#support/until';

let directory: string;
let clock: ManualClock;
let lines: { level: string; msg: string; error?: { message: string } }[];
let started: FleetSettingsFile[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-fleet-'));
  clock = new ManualClock();
  lines = [];
  started = [];
});

afterEach(async () => {
  for (const file of started) file.stop();
  await rm(directory, { recursive: true, force: true });
});

const settings = (revision: string) =>
  JSON.stringify({ revision, nameServers: [], edition: 'standard', brokers: {} });

function fleetFile(path = join(directory, 'fleet.json')) {
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as never) };
  const log = createLog({ level: 'info', format: 'json', destination });
  const file = new FleetSettingsFile({ path, clock, log });
  const revisions: string[] = [];
  file.onChange = ({ revision }) => revisions.push(revision);
  started.push(file);
  return { file, revisions };
}

/** Looks at the file as often as time allows, until `isSeen`. */
async function polled(isSeen: () => boolean): Promise<void> {
  await until(5000, () => {
    clock.advance(FLEET.settingsPollMs);
    return isSeen();
  });
}

/** Some looks more, of which the last one is over. */
async function polledMore(): Promise<void> {
  let polls = 0;
  await polled(() => ++polls > 3);
}

const errors = () => lines.filter(({ level }) => level === 'error');

/** As the kubelet writes a ConfigMap: a directory of its own, then `..data` is turned to it. */
async function mount(content: string): Promise<void> {
  const version = join(directory, `..2026_${Math.random()}`);
  await mkdir(version);
  await writeFile(join(version, 'fleet.json'), content);
  await symlink(version, join(directory, '..data_tmp'));
  await rename(join(directory, '..data_tmp'), join(directory, '..data'));
}

async function mounted(content: string): Promise<string> {
  await mount(content);
  const path = join(directory, 'fleet.json');
  await symlink('..data/fleet.json', path);
  return path;
}

describe('at the start', () => {
  test.each<[string, string | undefined, string]>([
    ['there is no file', undefined, 'ENOENT'],
    ['it is not valid', '{}', 'revision: Invalid input'],
    ['it is no JSON', '{', 'no JSON'],
    ['it is large', ' '.repeat(FLEET.settingsBytesMax + 1), 'at most'],
  ])('%s: it fails with a word on what to do', async (_name, content, message) => {
    const path = join(directory, 'fleet.json');
    if (content !== undefined) await writeFile(path, content);
    const { file } = fleetFile(path);
    await expect(file.start()).rejects.toThrow(`the fleet settings in ${path} can't be used: `);
    await expect(fleetFile(path).file.start()).rejects.toThrow(message);
    expect(clock.pendingTimers).toBe(0);
  });

  test('a directory is no file', async () => {
    await expect(fleetFile(directory).file.start()).rejects.toThrow('it is not a file');
  });

  test('it tells of nothing: what is there is there', async () => {
    const { file, revisions } = fleetFile(await mounted(settings('1')));
    await file.start();
    expect(file.current.revision).toBe('1');
    await polledMore();
    expect(revisions).toEqual([]);
  });
});

describe('a change', () => {
  test('of a mounted ConfigMap is told, each once', async () => {
    const { file, revisions } = fleetFile(await mounted(settings('1')));
    await file.start();
    for (const revision of ['2', '3']) {
      await mount(settings(revision));
      await polled(() => revisions.includes(revision));
      expect(file.current.revision).toBe(revision);
    }
    await polledMore();
    expect(revisions).toEqual(['2', '3']);
    expect(errors()).toEqual([]);
  });

  test('in place is told', async () => {
    const path = join(directory, 'fleet.json');
    await writeFile(path, settings('1'));
    const { file, revisions } = fleetFile(path);
    await file.start();
    await writeFile(path, settings('22'));
    await polled(() => revisions.length > 0);
    expect(revisions).toEqual(['22']);
  });

  test('that changes nothing is not told', async () => {
    const { file, revisions } = fleetFile(await mounted(settings('1')));
    await file.start();
    await mount(settings('1'));
    await polledMore();
    expect(revisions).toEqual([]);
  });

  test('is not looked for once it is stopped', async () => {
    const { file, revisions } = fleetFile(await mounted(settings('1')));
    await file.start();
    file.stop();
    await mount(settings('2'));
    await polledMore();
    expect([revisions, clock.pendingTimers]).toEqual([[], 0]);
  });
});

describe('a file that can not be used later', () => {
  test('is logged once, what was known stays, and a good one is taken', async () => {
    const { file, revisions } = fleetFile(await mounted(settings('1')));
    await file.start();
    await mount('{"revision": 2}');
    await polled(() => errors().length > 0);
    await polledMore();
    expect(errors()).toHaveLength(1);
    expect(errors()[0]?.error?.message).toContain('revision: Invalid input: expected string');
    expect(file.current.revision).toBe('1');
    await mount(settings('3'));
    await polled(() => revisions.length > 0);
    expect(revisions).toEqual(['3']);
  });

  test('because it is gone is logged once, and again when it goes again', async () => {
    const { file, revisions } = fleetFile(await mounted(settings('1')));
    await file.start();
    for (const count of [1, 2]) {
      await rm(join(directory, '..data'));
      await polled(() => errors().length === count);
      await polledMore();
      expect(errors()).toHaveLength(count);
      expect(file.current.revision).toBe(String(count));
      await mount(settings(String(count + 1)));
      await polled(() => revisions.length === count);
    }
  });
});
