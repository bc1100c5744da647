import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { brokerBanner } from '#cli/broker';
import { readyText } from '#cli/ready';
import { standaloneSchema } from '#cli/standalone-config';
import { loadConfig } from '#lib/config';
import { runCli } from '#support/run-cli';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-standalone-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('what is wrong is refused before anything starts', () => {
  test.each([
    [{ grpcPort: '70000' }, '--grpc-port: got 70000; allowed: a whole number from 0 to 65535'],
    [{ durability: 'maybe' }, '--durability: got "maybe"; allowed: sync, fast'],
    [{ advertise: 'host:70000' }, '--advertise: got "host:70000"; allowed: HOST:PORT'],
    [{ advertise: 'x' }, '--advertise: got "x"; allowed: HOST:PORT'],
    [{ adminHost: '0.0.0.0' }, '--admin-host: 0.0.0.0 is reachable from elsewhere'],
    [{ adminToken: 'a b c d e' }, '--admin-token: got a secret; allowed: 8 to 256'],
    [{ tlsKey: 'key.pem' }, '--tls-key: a certificate and its key come together'],
    [{ transport: 'http' }, '--transport: got "http"; allowed: wire, grpc-js'],
    [{ proxyProtocol: 'external' }, '--proxy-protocol: no listener external; there are: internal'],
    [{ proxyProtocol: 'a, b' }, '--proxy-protocol: got "a, b"; allowed: names of listeners'],
    [{ diskWatermark: '1' }, '--disk-watermark: got 1; allowed: a number from 0.1 to 0.99'],
  ])('%j', (flags, message) => {
    expect(() => loadConfig(standaloneSchema, { flags, env: {} })).toThrow(message);
  });

  test.each([
    { adminHost: '0.0.0.0', adminToken: 'long-enough' },
    { adminHost: '::1' },
    { adminHost: '127.8.9.1' },
    { tlsCert: 'a.pem', tlsKey: 'b.pem' },
    { advertise: '[2001:db8::1]:8081' },
    { transport: 'grpc-js', proxyProtocol: 'internal' },
  ])('%j is fine', (flags) => {
    expect(loadConfig(standaloneSchema, { flags, env: {} })).toMatchObject(flags);
  });

  test('by the command, with exit code 2', async () => {
    const config = join(directory, 'sluice.yaml');
    await writeFile(config, 'grpcPort: 1\nlog-level: loud\n');
    const env = { SLUICE_DATE: '/x', SLUICE_ADMIN: 'for the other commands' };
    const args = ['standalone', '--config', config, '--admin-token', 'short'];
    const { code, stdout, stderr } = await runCli(args, { env });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('4 settings are wrong');
    expect(stderr).toContain(
      `"grpcPort" in the config file ${config}: unknown; did you mean grpc-port?`,
    );
    expect(stderr).toContain('got "loud"; allowed: trace, debug, info');
    expect(stderr).toContain('SLUICE_DATE in the environment: unknown; did you mean SLUICE_DATA?');
    expect(stderr).toContain('--admin-token: got a secret');
  });

  test('unknown options too', async () => {
    const { code, stderr } = await runCli(['standalone', '--grpc-prot', '1']);
    expect(code).toBe(2);
    expect(stderr).toContain("unknown option '--grpc-prot'\n(Did you mean --grpc-port?)");
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
  const text = (admin: string) =>
    readyText('pretty', addresses, brokerBanner({ ...addresses, admin }, config));

  test('for machines', () => {
    const line = readyText('json', addresses, brokerBanner(addresses, config));
    expect(line.endsWith('\n')).toBe(true);
    expect(JSON.parse(line)).toMatchObject({ event: 'ready', ...addresses });
  });

  test('for people, with the next steps for this address', () => {
    const own = text('127.0.0.1:2');
    expect(own).toContain('npx sluice topic create orders --admin 127.0.0.1:2\n');
    expect(own).toContain('durability fast: answers before fsync');
    expect(own).toContain('http://127.0.0.1:3/readyz');
    expect(text('127.0.0.1:8091')).toContain('npx sluice topic create orders\n');
  });
});
