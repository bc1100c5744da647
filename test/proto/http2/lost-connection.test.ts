/** A connection that is lost after any byte of a session leaves nothing behind. */
import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLog } from '#lib/log';
import type { Service } from '#proto/grpc-transport/call';
import { FLAG, FRAME } from '#proto/http2/protocol';
import { EchoStand, type StartedEcho } from '#support/echo-stand';
import { ECHO } from '#support/echo-service';
import { framed, grpcRequest, outcomeOf } from '#support/grpc-echo';
import { callFields, frameBytes, literalBlock, RawHttp2 } from '#support/raw-http2';
import { until } from '#support/until';
import { whenClosed } from '#support/when-closed';

const BUDGET_BYTES = 4096;
const AT_ONCE = 20;
/** Of the call of Stream: the session's second one. */
const STREAM_ID = 3;
const STREAMED_BYTES = 10_000;
const WAIT_MS = 20_000;

const stand = new EchoStand('wire');
const errors: string[] = [];
/** Handlers that have begun, and those that have not ended. */
const handlers = { begun: 0, open: 0 };
let echo: StartedEcho;
let session: Buffer;

const service: Service = {
  name: ECHO,
  methods: {
    Echo: { kind: 'unary', handle: (request) => request },
    // Until its client gives up.
    Hold: {
      kind: 'unary',
      async handle(request, call) {
        begin();
        await new Promise<void>((resolve) => call.onCancel(resolve));
        handlers.open -= 1;
        return request;
      },
    },
    Stream: {
      kind: 'server-stream',
      async handle(_request, call, out) {
        begin();
        while (!call.cancelled) if (!out.write(Buffer.alloc(STREAMED_BYTES))) await out.drained();
        handlers.open -= 1;
      },
    },
    Chat: {
      kind: 'duplex',
      handle(stream) {
        begin();
        stream.onMessage((message) => stream.write(message));
        stream.onEnd(() => {
          handlers.open -= 1;
          stream.end();
        });
      },
    },
  },
};

function begin(): void {
  handlers.begun += 1;
  handlers.open += 1;
}

beforeAll(async () => {
  const destination = new Writable({
    write(line: Buffer, _encoding, done) {
      errors.push(line.toString());
      done();
    },
  });
  echo = await stand.start({
    isPlain: true,
    services: [service],
    limits: {
      partialRequestsBytesMax: BUDGET_BYTES,
      partialRequestsPerConnectionBytesMax: BUDGET_BYTES,
    },
    log: createLog({ level: 'error', format: 'json', destination }),
  });
  session = Buffer.concat([await recorded(echo.port), unusualPart()]);
});

afterAll(() => stand.close());

/** What a client says that makes calls of all kinds. */
async function recorded(port: number): Promise<Buffer> {
  const said: Buffer[] = [];
  const recorder = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    near.on('data', (chunk: Buffer) => said.push(chunk));
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on('error', () => undefined);
  });
  recorder.listen(0, '127.0.0.1');
  await once(recorder, 'listening');
  const { port: recorderPort } = recorder.address() as AddressInfo;
  const settings = { initialWindowSize: STREAMED_BYTES };
  const client = connectHttp2(`http://127.0.0.1:${recorderPort}`, { settings });
  await talk(client);
  client.destroy();
  await closed(recorder);
  return Buffer.concat(said);
}

async function closed(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

async function talk(client: ClientHttp2Session): Promise<void> {
  const headers = { 'grpc-timeout': '1H', 'x-mq-client-id': 'recorded' };
  const hold = grpcRequest(client, 'Hold', headers).end(framed('hold'));
  const stream = grpcRequest(client, 'Stream', headers).end(framed('stream'));
  await once(stream, 'data');
  const chat = grpcRequest(client, 'Chat', headers);
  for (const message of ['one', 'two']) {
    chat.write(framed(message));
    await once(chat, 'data');
  }
  for (const message of ['first', 'second']) {
    const call = grpcRequest(client, 'Echo', headers);
    const outcome = outcomeOf(call);
    const bytes = framed(message);
    call.write(bytes.subarray(0, 3));
    await new Promise((resolve) => client.ping(resolve));
    call.end(bytes.subarray(3));
    expect((await outcome).body).toEqual(bytes);
  }
  hold.close();
  await once(hold, 'close');
}

/** Behind it what that client does not say: headers in pieces, padding, trailers. */
function unusualPart(): Buffer {
  const block = literalBlock(callFields('Echo', [['grpc-timeout', '1H']]));
  const message = framed('unusual');
  const padded = Buffer.concat([Buffer.from([4]), message.subarray(2), Buffer.alloc(4)]);
  return Buffer.concat([
    frameBytes(FRAME.headers, 0, 101, block.subarray(0, 20)),
    frameBytes(FRAME.continuation, FLAG.endHeaders, 101, block.subarray(20)),
    frameBytes(FRAME.data, 0, 101, message.subarray(0, 2)),
    frameBytes(FRAME.data, FLAG.padded, 101, padded),
    frameBytes(FRAME.headers, 5, 101, literalBlock([['checksum', '1']])),
  ]);
}

/** A client that says the first bytes of the session, and then goes. */
async function replay(bytes: Buffer, ending: 'closed' | 'lost'): Promise<void> {
  const socket = connect(echo.port, '127.0.0.1');
  socket.on('error', () => undefined);
  const over = whenClosed(socket);
  await once(socket, 'connect');
  if (ending === 'closed') {
    socket.resume().end(bytes);
  } else {
    socket.write(bytes);
    // The server's first words: it is at it.
    if (bytes.length > 0) await once(socket, 'data');
    socket.resetAndDestroy();
  }
  await over;
}

/** The largest request that can be kept: its last byte comes alone. */
async function holdsBudget(bytes: number): Promise<boolean> {
  const raw = await RawHttp2.connect(echo.port);
  raw.greet();
  const message = framed(Buffer.alloc(bytes + 1));
  raw.headers(1, callFields('Echo'));
  raw.data(1, message.subarray(0, -1));
  raw.data(1, message.subarray(-1), true);
  const frames = await raw.sync();
  raw.destroy();
  return frames.some(({ type }) => type === FRAME.data);
}

const timers = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

test('the session says all of it', async () => {
  const raw = await RawHttp2.connect(echo.port);
  stand.keep(raw.socket);
  raw.write(session);
  // Chat, twice; Echo, three times.
  const answers = new Map<number, string>();
  for (const { type, streamId, payload } of await raw.sync()) {
    if (type !== FRAME.data || streamId === STREAM_ID) continue;
    answers.set(streamId, `${answers.get(streamId) ?? ''}${payload.toString('latin1')}`);
  }
  raw.destroy();
  expect([...answers.values()].toSorted()).toEqual(
    ['one', 'first', 'second', 'unusual']
      .map((text) => framed(text).toString('latin1'))
      .map((text, index) => (index === 0 ? text + framed('two').toString('latin1') : text))
      .toSorted(),
  );
});

describe.each(['closed', 'lost'] as const)('%s after any byte', (ending) => {
  test('nothing is left', async () => {
    await until(WAIT_MS, () => echo.counters().connections.open === 0);
    const timersBefore = timers();
    const begunBefore = handlers.begun;
    for (let first = 0; first <= session.length; first += AT_ONCE) {
      const cuts = Array.from({ length: AT_ONCE }, (_, index) => first + index);
      await Promise.all(cuts.map((cut) => replay(session.subarray(0, cut), ending)));
    }
    await until(WAIT_MS, () => echo.counters().connections.open === 0);
    await until(WAIT_MS, () => handlers.open === 0);
    expect(handlers.begun - begunBefore).toBeGreaterThan(session.length);
    expect(await holdsBudget(BUDGET_BYTES)).toBe(true);
    expect(await holdsBudget(BUDGET_BYTES + 1)).toBe(false);
    await until(WAIT_MS, () => timers() <= timersBefore);
    const { protocolErrors, slowReaders, rejected } = echo.counters();
    expect({ protocolErrors, slowReaders }).toEqual({ protocolErrors: 0, slowReaders: 0 });
    expect(Object.values(rejected)).toEqual([0, 0, 0, 0]);
    expect(errors).toEqual([]);
  });
});
