import { describe, expect, test } from '@jest/globals';
import { SluiceError } from '#lib/errors';
import { cliStand } from '#support/cli-stand';

const { backend, sluice, output, seedTopic } = cliStand();

describe('message', () => {
  test('send, get by id and by place', async () => {
    seedTopic('orders');
    const sent = await output(
      'message send orders Hello --tag created --key k1 --key k2 --property source=shop=1',
    );
    expect(sent).toBe('sent id-0 to orders, queue 0, offset 0\n');
    const text = [
      'Message        id-0',
      'Topic          orders',
      'Queue, offset  0, 0',
      'Tag            created',
      'Keys           k1 k2',
      'Properties     source=shop=1',
      'Born           2026-01-02T03:04:05Z 10.0.0.7:5000',
      'Stored         2026-01-02T03:04:05Z',
      'Body           5 bytes',
      '',
      'Hello',
      '',
    ].join('\n');
    expect(await output('message get orders id-0')).toBe(text);
    expect(await output('message get orders --queue 0 --offset 0')).toBe(text);
    expect(await output('message get orders id-0 --raw')).toBe('Hello');
    expect(await sluice('message get orders')).toMatchObject({ code: 2 });
  });

  test('a body from standard input may be any bytes', async () => {
    seedTopic('orders');
    const stdin = Buffer.from([0xff, 0x00, 0x1b]);
    await output('message send orders -', { stdin });
    expect(backend.stored[0]?.body).toEqual(stdin);
    expect(JSON.parse(await output('message get orders id-0 -o json'))).toMatchObject({
      bodyBase64: '/wAb',
    });
  });

  test('a body that would steer the terminal is made visible', async () => {
    seedTopic('orders');
    await output('message send orders -', { stdin: '\u001b[2Jgone\nline two' });
    const text = await output('message get orders id-0');
    expect(text).toContain('\\u001b[2Jgone\nline two\n');
    expect(text).not.toContain('\u001b');
  });

  test('many at a rate', async () => {
    seedTopic('orders');
    const text = await output('message send orders --count 150 --body-size 10 --rate 10000');
    expect(text).toMatch(/^sent 150 messages to orders in \d+\.\d s, \d+\/s\n$/);
    expect(backend.stored).toHaveLength(150);
    expect(backend.stored[149]?.body.toString()).toBe('0123456789');
  });

  test('a failure among many says how far it came', async () => {
    seedTopic('orders');
    backend.sendFailure = new SluiceError('DISK_FULL', 'the disk is full');
    expect(await sluice('message send orders x --count 3')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: the disk is full; 0 of 3 messages were sent before (DISK_FULL)\n' +
        'next:  free some disk space; the broker takes writes again by itself\n',
    });
  });

  test('receive acknowledges unless told to leave', async () => {
    seedTopic('orders');
    await output('message send orders one');
    await output('message send orders two');
    const line = 'message receive orders --group billing --count 5 --wait 1';
    const received = JSON.parse(await output(`${line} --leave --invisible 30 -o json`)) as object;
    expect(received).toMatchObject([
      { body: 'one', attempt: 1 },
      { body: 'two', attempt: 1 },
    ]);
    expect(backend.receives[0]).toMatchObject({
      group: 'billing',
      filter: '*',
      count: 5,
      waitMs: 1000,
      invisibleMs: 30_000,
      ack: false,
    });
    expect(await sluice(line)).toEqual({ code: 0, stdout: '', stderr: 'no message came\n' });
    expect(backend.receives.at(-1)).toMatchObject({ ack: true });
  });

  test('receive takes tags or SQL', async () => {
    const line = 'message receive orders --group billing --wait 0'.split(' ');
    await sluice([...line, '--filter', 'a || b']);
    expect(backend.receives.at(-1)).toMatchObject({ filter: 'a || b', isSql: false });
    await sluice([...line, '--sql', "a = 'x'"]);
    expect(backend.receives.at(-1)).toMatchObject({ filter: "a = 'x'", isSql: true });
    const both = await sluice([...line, '--sql', 'a', '--filter', 'a']);
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('cannot be used with')]);
  });
});
