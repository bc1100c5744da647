import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startAdminServer, type AdminServer } from '#support/admin-server';
import { FakeAdminBackend } from '#support/fake-admin-backend';
import { runCli } from '#support/run-cli';

const TOKEN = 'correct-horse-battery';

let server: AdminServer;
beforeAll(async () => {
  server = await startAdminServer(new FakeAdminBackend(), TOKEN);
});
afterAll(() => server.stop());

describe('token', () => {
  test('without it nothing is answered', async () => {
    const { code, stdout, stderr } = await runCli(['topic', 'list', '--admin', server.address]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('(UNAUTHORIZED)\nnext:  set SLUICE_ADMIN_TOKEN');
  });

  test('a wrong one is refused, the right one is not', async () => {
    const env = { SLUICE_ADMIN: server.address };
    const wrong = await runCli(['topic', 'list', '--admin-token', `${TOKEN}x`], { env });
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    expect(wrong.stderr).toContain('the admin token is not the one of this broker');
    const option = await runCli(['--admin-token', TOKEN, 'topic', 'list'], { env });
    const variable = await runCli(['topic', 'list'], {
      env: { ...env, SLUICE_ADMIN_TOKEN: TOKEN },
    });
    expect([option.code, variable.code]).toEqual([0, 0]);
  });
});

describe('exit codes', () => {
  const env = { SLUICE_ADMIN_TOKEN: TOKEN };

  test('1 and what to do next when the server refuses', async () => {
    const args = ['topic', 'describe', 'nowhere', '--admin', server.address];
    expect(await runCli(args, { env })).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: topic nowhere does not exist (TOPIC_NOT_FOUND)\n' +
        'next:  `sluice topic list` shows the topics, `sluice topic create NAME` makes one\n',
    });
  });

  test('1 and what to do next when nothing listens', async () => {
    const { code, stderr } = await runCli(['topic', 'list', '--admin', await closedAddress()]);
    expect(code).toBe(1);
    const [what, next] = stderr.split('\n');
    expect(what).toMatch(/^error: no Sluice answers at 127\.0\.0\.1:\d+: connect ECONNREFUSED /);
    expect(next).toMatch(/^next: {2}is it running\? `npm start`/);
  });

  test.each([
    [['topic', 'crate', 'x'], /unknown command 'crate'\n\(Did you mean create\?\)/],
    [['topic', 'create', 'x', '--kind', 'odd'], /Allowed choices are normal, fifo/],
    [['topic', 'create', 'x', '--queues', '0'], /Allowed: a whole number from 1 to 1024/],
    [['topic', 'create'], /missing required argument 'name'/],
    [['message', 'receive', 'x'], /required option '--group <name>' not specified/],
    [
      ['topic', 'list', '--outptu', 'json'],
      /unknown option '--outptu'\n\(Did you mean --output\?\)/,
    ],
    [['topic', 'list', '--admin', 'localhost'], /"localhost" is no address.*HOST:PORT/],
    [['message', 'send', 'x'], /a message needs a body/],
    [['message', 'send', 'x', '@/no/such/file'], /the body can't be read/],
    [['message', 'send', 'x', 'y', '--property', 'z'], /Allowed: NAME=VALUE/],
  ])('2 for %j', async (args, message) => {
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('0 for help, which shows examples', async () => {
    const { code, stdout } = await runCli(['message', 'send', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('sluice message send orders --count 10000');
  });
});

async function closedAddress(): Promise<string> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  return `127.0.0.1:${port}`;
}
