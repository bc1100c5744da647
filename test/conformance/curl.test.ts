/** Our transport and curl, which knows nothing of gRPC: HTTP/2 as anybody speaks it. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { EchoStand } from '#support/echo-stand';
import { ECHO } from '#support/echo-service';
import { framed } from '#support/grpc-echo';
import { until } from '#support/until';
import { type Ended, findTool, hasTools, type Tool } from '#support/tool';

const MESSAGE_BYTES = 4 * 2 ** 20;
const GRPC = ['--header', 'content-type: application/grpc', '--header', 'te: trailers'];

const curl = findTool('curl');
if (hasTools({ curl }, 'what curl makes of our transport')) testWith(curl!);

function testWith(tool: Tool): void {
  const stand = new EchoStand('wire');
  let directory: string;
  let port: number;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-curl-'));
    port = (await stand.start()).port;
  });

  afterEach(async () => {
    await stand.close();
    await rm(directory, { recursive: true, force: true });
  });

  const run = (...args: readonly string[]): Promise<Ended> =>
    tool('--silent', '--show-error', '--http2-prior-knowledge', ...args);
  const url = (path: string): string => `http://127.0.0.1:${port}${path}`;

  /** A file that `--data-binary` can send as it is. */
  const requestFile = async (message: Buffer | string): Promise<string> => {
    const file = join(directory, 'request');
    await writeFile(file, framed(message));
    return `@${file}`;
  };

  const post = async (method: string, message: Buffer | string, ...args: readonly string[]) => {
    const headersFile = join(directory, 'headers');
    const { code, output } = await run(
      ...GRPC,
      '--dump-header',
      headersFile,
      ...args,
      '--data-binary',
      await requestFile(message),
      url(`/${ECHO}/${method}`),
    );
    // Status, headers and trailers.
    const head = await readFile(headersFile, 'utf8');
    return { code, body: output, head };
  };

  test('GET says what this port is', async () => {
    const { code, output } = await run('--include', url('/'));
    expect(code).toBe(0);
    expect(`${output}`).toMatch(/^HTTP\/2 405 \r\n/);
    expect(`${output}`).toMatch(/^allow: POST\r\n/m);
    expect(`${output}`).toMatch(/gRPC port of Sluice, for RocketMQ clients/);
  });

  test('HEAD has the headers of GET alone', async () => {
    const { code, output } = await run('--head', url('/'));
    expect(code).toBe(0);
    expect(`${output}`).toMatch(/^HTTP\/2 405 \r\n(.+\r\n)*content-length: \d+\r\n\r\n$/);
  });

  test('POST of something else, however large, is no call', async () => {
    const file = join(directory, 'something');
    await writeFile(file, Buffer.alloc(MESSAGE_BYTES));
    const { code, output } = await run('--include', '--data-binary', `@${file}`, url('/'));
    expect(code).toBe(0);
    expect(`${output}`).toMatch(/^HTTP\/2 415 \r\n/);
  });

  test('POST of a gRPC message is a call', async () => {
    const { code, body, head } = await post('Echo', 'hello');
    expect(code).toBe(0);
    expect(body).toEqual(framed('hello'));
    expect(head).toMatch(/^HTTP\/2 200 \r\n(.+\r\n)*content-type: application\/grpc\r\n/);
    expect(head).toMatch(/^grpc-status: 0\r\n/m);
  });

  test('the status of a call that failed comes with its message', async () => {
    const { code, body, head } = await post('Fail', 'not today');
    expect(code).toBe(0);
    expect(body.length).toBe(0);
    expect(head).toMatch(/^grpc-status: 9\r\ngrpc-message: not today\r\n/m);
  });

  test.each(['http', 'https'])('4 MiB there and back, %s', async (scheme) => {
    const message = randomBytes(MESSAGE_BYTES);
    const { code, output } = await run(
      ...GRPC,
      '--insecure',
      '--data-binary',
      await requestFile(message),
      `${scheme}://127.0.0.1:${port}/${ECHO}/Echo`,
    );
    expect(code).toBe(0);
    expect(output.equals(framed(message))).toBe(true);
  });

  test('a stream of answers, read slowly', async () => {
    const { code, body } = await post('Stream', '40', '--limit-rate', '4M');
    expect(code).toBe(0);
    expect(body.length).toBe(40 * framed(Buffer.alloc(65_536)).length);
  });

  test('a call that the client gives up is cancelled', async () => {
    const { port: own, record, counters } = await stand.start();
    const { code } = await run(
      ...GRPC,
      '--max-time',
      '0.5',
      '--data-binary',
      await requestFile('hello'),
      `http://127.0.0.1:${own}/${ECHO}/Wait`,
    );
    // Its own code for a timeout.
    expect(code).toBe(28);
    await until(5000, () => counters().connections.open === 0);
    expect(record.cancels).toEqual(['Wait']);
  });

  // Over TLS: this curl (7.88) can't use a connection of prior knowledge twice, with any server.
  test('call after call over one connection', async () => {
    const { code, output } = await tool(
      '--silent',
      '--show-error',
      '--insecure',
      ...GRPC,
      '--data-binary',
      await requestFile('hello'),
      '--output',
      '/dev/null',
      '--write-out',
      '%{http_version} %{http_code} %{num_connects}\n',
      `https://127.0.0.1:${port}/${ECHO}/Echo#[1-100]`,
    );
    expect(code).toBe(0);
    const later = Array.from({ length: 99 }, () => '2 200 0');
    expect(`${output}`.trim().split('\n')).toEqual(['2 200 1', ...later]);
  });
}
