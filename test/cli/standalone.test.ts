import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readyText } from '#cli/ready';
import { runCli } from '#support/run-cli';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-standalone-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('what is wrong is refused before anything starts', () => {
  test.each([
    [
      ['--grpc-port', '70000'],
      {},
      '--grpc-port: got 70000; allowed: a whole number from 0 to 65535',
    ],
    [['--durability', 'maybe'], {}, '--durability: got "maybe"; allowed: sync, fast'],
    [['--advertise', 'x'], {}, '--advertise: got "x"; allowed: HOST:PORT'],
    [['--admin-host', '0.0.0.0'], {}, '--admin-host: 0.0.0.0 is reachable from elsewhere'],
    [['--tls-key', 'key.pem'], {}, '--tls-key: a certificate and its key come together'],
    [['--grpc-prot', '1'], {}, "unknown option '--grpc-prot'\n(Did you mean --grpc-port?)"],
    [
      [],
      { SLUICE_DATE: '/x' },
      'SLUICE_DATE in the environment: unknown; did you mean SLUICE_DATA?',
    ],
  ] as const)('%j %j', async (args, env, message) => {
    const { code, stdout, stderr } = await runCli(['standalone', ...args], { env });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  test('in the config file', async () => {
    const config = join(directory, 'sluice.yaml');
    await writeFile(config, 'grpcPort: 1\nlog-level: loud\n');
    const { code, stderr } = await runCli(['standalone', '--config', config]);
    expect(code).toBe(2);
    expect(stderr).toContain(
      `"grpcPort" in the config file ${config}: unknown; did you mean grpc-port?`,
    );
    expect(stderr).toContain('got "loud"; allowed: trace, debug, info');
  });
});

test('the help names every setting with its default', async () => {
  const { code, stdout } = await runCli(['standalone', '--help']);
  expect(code).toBe(0);
  const words = stdout.replace(/\s+/g, ' ');
  for (const option of ['--data', '--host', '--advertise', '--tls-cert', '--admin-token']) {
    expect(words).toContain(` ${option} <`);
  }
  expect(words).toContain('one (default: 8081)');
  expect(words).toContain('in hours (default: 72)');
  expect(words).toContain('SLUICE_GRPC_PORT=8082');
});

describe('the ready line', () => {
  const addresses = { grpc: '127.0.0.1:1', admin: '127.0.0.1:2', metrics: '127.0.0.1:3' };
  const config = { data: '/data', durability: 'fast' } as const;

  test('for machines', () => {
    const line = readyText('json', addresses, config);
    expect(line.endsWith('\n')).toBe(true);
    expect(JSON.parse(line)).toMatchObject({ event: 'ready', ...addresses });
  });

  test('for people, with the next steps for this address', () => {
    const text = readyText('pretty', addresses, config);
    expect(text).toContain('npx sluice topic create orders --admin 127.0.0.1:2\n');
    expect(text).toContain('durability fast: answers before fsync');
    const usual = readyText('pretty', { ...addresses, admin: '127.0.0.1:8091' }, config);
    expect(usual).toContain('npx sluice topic create orders\n');
  });
});
