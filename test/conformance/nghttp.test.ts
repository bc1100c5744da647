/** Our transport and the clients of nghttp2, which can be made to behave unusually. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { EchoStand, type StartedEcho } from '#support/echo-stand';
import { ECHO } from '#support/echo-service';
import { framed } from '#support/grpc-echo';
import { findTool, hasTools, type Tool } from '#support/tool';
import { until } from '#support/until';

const MESSAGE_BYTES = 4 * 2 ** 20;
const GRPC = ['--header=content-type: application/grpc', '--header=te: trailers'];

const nghttp = findTool('nghttp');
const h2load = findTool('h2load');
if (hasTools({ nghttp, h2load }, 'what nghttp2 makes of our transport')) {
  testWith(nghttp!, h2load!);
}

function testWith(client: Tool, load: Tool): void {
  const stand = new EchoStand('wire');
  let directory: string;
  let echo: StartedEcho;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-nghttp-'));
    echo = await stand.start();
  });

  afterEach(async () => {
    await stand.close();
    await rm(directory, { recursive: true, force: true });
  });

  const url = (method: string): string => `http://127.0.0.1:${echo.port}/${ECHO}/${method}`;

  const upload = async (message: Buffer | string): Promise<string> => {
    const file = join(directory, 'request');
    await writeFile(file, framed(message));
    return `--data=${file}`;
  };

  /** The body alone. */
  const post = async (method: string, message: Buffer | string, ...args: readonly string[]) => {
    const { output, errors } = await client(...GRPC, await upload(message), ...args, url(method));
    expect(errors).toBe('');
    return output;
  };

  /** What was sent and received, as text, without bodies. */
  const trace = async (method: string, message: Buffer | string, ...args: readonly string[]) => {
    const { output } = await client(
      '--null-out',
      '--verbose',
      ...GRPC,
      await upload(message),
      ...args,
      url(method),
    );
    return output.toString();
  };

  const statusOf = async (method: string, ...args: readonly string[]) => {
    const text = await trace(method, 'hello', ...args);
    return [...text.matchAll(/recv \(stream_id=\d+\) grpc-status: (\d+)/g)].map(([, code]) => code);
  };

  test('GET is refused with a text', async () => {
    const { output } = await client(`http://127.0.0.1:${echo.port}/`);
    expect(`${output}`).toMatch(/gRPC port of Sluice/);
  });

  test.each([
    { name: 'as it is', args: [] },
    { name: 'windows of 1 byte', args: ['--window-bits=1'] },
    { name: 'windows of 15 bytes', args: ['--window-bits=4', '--connection-window-bits=16'] },
    { name: 'the largest windows', args: ['--window-bits=30', '--connection-window-bits=30'] },
    { name: 'padding', args: ['--padding=255'] },
    { name: 'no header table', args: ['--header-table-size=0'] },
    {
      name: 'a header table that shrinks and grows',
      args: ['--header-table-size=0', '--header-table-size=4096'],
    },
    { name: 'a large header table', args: ['--header-table-size=65536'] },
    { name: 'no header table of its own', args: ['--encoder-header-table-size=0'] },
    { name: 'trailers', args: ['--trailer=checksum: 1234'] },
    { name: 'no content-length', args: ['--no-content-length'] },
    { name: 'no priorities', args: ['--no-rfc7540-pri'] },
  ])('a call with $name', async ({ args }) => {
    expect(await post('Echo', 'hello', ...args)).toEqual(framed('hello'));
    expect(await statusOf('Echo', ...args)).toEqual(['0']);
    expect(echo.counters().protocolErrors).toBe(0);
  });

  test.each([
    { name: 'small windows', args: ['--window-bits=10', '--connection-window-bits=16'] },
    { name: 'large windows', args: ['--window-bits=24', '--connection-window-bits=24'] },
    { name: 'padding', args: ['--padding=255'] },
    { name: 'trailers, no content-length', args: ['--trailer=a: b', '--no-content-length'] },
  ])('4 MiB there and back with $name', async ({ args }) => {
    const message = randomBytes(MESSAGE_BYTES);
    const body = await post('Echo', message, ...args);
    expect(body.equals(framed(message))).toBe(true);
  });

  test.each([
    { name: 'of 15 bytes', bits: 4, messages: 1 },
    { name: 'of 1 KiB', bits: 10, messages: 20 },
  ])('a stream of answers through windows $name', async ({ bits, messages }) => {
    const args = [`--window-bits=${bits}`, '--connection-window-bits=16'];
    const body = await post('Stream', `${messages}`, ...args);
    const expected = Array.from({ length: messages }, (_, index) =>
      framed(Buffer.alloc(65_536, messages - index)),
    );
    expect(body.equals(Buffer.concat(expected))).toBe(true);
  });

  test('a thousand calls at once through small windows', async () => {
    const args = ['--multiply=1000', '--peer-max-concurrent-streams=1000', '--window-bits=2'];
    const statuses = await statusOf('Echo', ...args);
    expect(statuses).toEqual(Array.from({ length: 1000 }, () => '0'));
    expect(echo.record.calls.length).toBe(1000);
  });

  test('ten large calls at once share the connection', async () => {
    const message = randomBytes(2 ** 20);
    const args = ['--multiply=10', '--window-bits=16', '--connection-window-bits=16'];
    const body = await post('Echo', message, ...args);
    expect(body.length).toBe(10 * framed(message).length);
  });

  test('headers in several frames', async () => {
    const { port, counters } = await stand.start({ limits: { metadataBytesMax: 64 * 1024 } });
    const file = await upload('hello');
    const args = [...GRPC, file, '--continuation', `http://127.0.0.1:${port}/${ECHO}/Echo`];
    expect((await client(...args)).output).toEqual(framed('hello'));
    expect(counters().protocolErrors).toBe(0);
  });

  test('more headers than a call may have', async () => {
    expect(await statusOf('Echo', '--continuation')).toEqual(['8']);
    expect(echo.counters().protocolErrors).toBe(0);
  });

  test.each([
    { scheme: 'http', calls: 20_000 },
    { scheme: 'https', calls: 5000 },
  ])('h2load over $scheme: 10 connections with 100 streams each', async ({ scheme, calls }) => {
    const { output } = await load(
      `--requests=${calls}`,
      '--clients=10',
      '--max-concurrent-streams=100',
      ...GRPC,
      await upload('hello'),
      url('Echo').replace('http', scheme),
    );
    expect(`${output}`).toContain(`${calls} succeeded, 0 failed, 0 errored, 0 timeout`);
    expect(`${output}`).toContain(`status codes: ${calls} 2xx`);
    await until(5000, () => echo.counters().connections.open === 0);
    expect(echo.counters()).toMatchObject({
      protocolErrors: 0,
      slowReaders: 0,
      calls: { started: calls, failed: 0 },
    });
  });
}
