/**
 * Records what real clients send, for test/proto/http2/fuzz.test.ts: one file a session, one frame
 * a line, in hexadecimal.
 *
 *   node scripts/record-sessions.ts
 */
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect as connectHttp2, constants, type ClientSessionOptions } from 'node:http2';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Metadata } from '@grpc/grpc-js';
import { HEAD_BYTES, PREFACE } from '#proto/http2/protocol';
import { ECHO } from '#support/echo-service';
import { EchoClient, framed, grpcRequest, outcomeOf, startEcho } from '#support/grpc-echo';

const FOLDER = fileURLToPath(new URL('../test/proto/http2/corpus', import.meta.url));
const GZIP = 2;

type Session = (port: number) => Promise<void>;

/** Of a client of gRPC. */
function ofGrpc(run: (client: EchoClient) => Promise<void>, options = {}): Session {
  return async (port) => {
    const client = new EchoClient(port, { 'grpc.enable_http_proxy': 0, ...options });
    await run(client);
    client.close();
  };
}

/** Of node:http2. */
function ofNode(
  run: (session: ReturnType<typeof connectHttp2>) => Promise<void>,
  options: ClientSessionOptions = {},
): Session {
  return async (port) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`, options);
    session.on('error', () => undefined);
    await run(session);
    session.close();
    await once(session, 'close');
  };
}

const SESSIONS: Readonly<Record<string, Session>> = {
  'grpc-unary': ofGrpc(async (client) => {
    const metadata = new Metadata();
    metadata.set('x-mq-client-id', 'client@of#a*session');
    metadata.set('x-trace-bin', Buffer.from([0, 1, 2, 255]));
    for (const text of ['one', 'two', 'three', '']) await client.unary('Echo', text, { metadata });
    await Promise.all(['a', 'b', 'c'].map((text) => client.unary('Echo', text)));
    await client.unary('Fail', 'for a reason').catch(() => undefined);
  }),
  'grpc-large': ofGrpc(async (client) => {
    await client.unary('Echo', Buffer.alloc(40_000, 'large'));
  }),
  'grpc-stream': ofGrpc(async (client) => {
    await client.stream('Stream', '2').toArray();
    await client.stream('Careless', '5').toArray();
  }),
  'grpc-duplex': ofGrpc(async (client) => {
    const chat = client.duplex('Chat');
    for (const text of ['settings', 'of a client', 'again']) {
      chat.write(Buffer.from(text));
      await once(chat, 'data');
    }
    await client.unary('Echo', 'beside it');
    chat.end();
    await once(chat.resume(), 'end');
  }),
  'grpc-cancel': ofGrpc(async (client) => {
    const waits = client.unary('Wait', 'for ever', { deadlineMs: 300 }).catch(() => undefined);
    const chat = client.duplex('Chat').on('error', () => undefined);
    chat.write(Buffer.from('to be cancelled'));
    await once(chat, 'data');
    chat.cancel();
    await waits;
  }),
  'grpc-gzip': ofGrpc(
    async (client) => {
      await client.unary('Echo', Buffer.alloc(2000, 'so it goes '));
      await client.unary('Echo', 'short');
    },
    { 'grpc.default_compression_algorithm': GZIP },
  ),
  'node-padded': ofNode(
    async (session) => {
      const streams = ['one', 'two'].map((text) => {
        const stream = grpcRequest(session, 'Echo', { 'x-text': text });
        stream.end(framed(text));
        return outcomeOf(stream);
      });
      await Promise.all(streams);
    },
    { paddingStrategy: constants.PADDING_STRATEGY_MAX },
  ),
  'node-continuation': ofNode(
    async (session) => {
      const stream = grpcRequest(session, 'Echo', { 'x-long': '~'.repeat(12_000) });
      stream.end(framed('behind a long head'));
      await outcomeOf(stream);
      const longer = grpcRequest(session, 'Echo', { 'x-longer': '~'.repeat(18_000) });
      longer.end(framed('too long'));
      await outcomeOf(longer);
    },
    { maxSendHeaderBlockLength: 100_000 },
  ),
  'node-mixed': ofNode(
    async (session) => {
      const trailing = session.request(
        { ':method': 'POST', ':path': `/${ECHO}/Echo`, 'content-type': 'application/grpc' },
        { waitForTrailers: true },
      );
      trailing.on('wantTrailers', () => trailing.sendTrailers({ 'x-last': 'words' }));
      const outcome = outcomeOf(trailing);
      trailing.write(framed('with trailers').subarray(0, 7));
      await new Promise((resolve) => session.ping(resolve));
      trailing.end(framed('with trailers').subarray(7));
      await outcome;
      session.settings({ headerTableSize: 0, initialWindowSize: 10 });
      const stream = grpcRequest(session, 'Chat', { 'grpc-encoding': 'gzip' });
      stream.write(framed(gzipSync('packed'), true));
      stream.end(framed('a message that does not fit into the window'));
      await outcomeOf(stream);
      session.setLocalWindowSize(100_000);
      await outcomeOf(session.request({ ':method': 'GET', ':path': '/' }));
      const given = grpcRequest(session, 'Wait');
      given.write(framed('up'));
      await new Promise((resolve) => session.ping(resolve));
      given.close(constants.NGHTTP2_CANCEL);
      await once(given, 'close');
      session.goaway();
    },
    { settings: { enablePush: false, initialWindowSize: 70_000, maxFrameSize: 20_000 } },
  ),
};

/** What a client says in a session, in its frames. */
async function record(session: Session): Promise<Buffer[]> {
  const { server, port } = await startEcho({ transport: 'wire' });
  const chunks: Buffer[] = [];
  const recorder = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    near.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      far.write(chunk);
    });
    far.on('data', (chunk: Buffer) => near.write(chunk));
    for (const [one, other] of [[near, far] as const, [far, near] as const]) {
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
  });
  recorder.listen(0, '127.0.0.1');
  await once(recorder, 'listening');
  await session((recorder.address() as AddressInfo).port);
  recorder.close();
  await server.drain(0);
  return framesOf(Buffer.concat(chunks));
}

function framesOf(bytes: Buffer): Buffer[] {
  const frames = [bytes.subarray(0, PREFACE.length)];
  for (let at = PREFACE.length; at < bytes.length;) {
    const end = at + HEAD_BYTES + bytes.readUIntBE(at, 3);
    frames.push(bytes.subarray(at, end));
    at = end;
  }
  return frames;
}

await mkdir(FOLDER, { recursive: true });
for (const [name, session] of Object.entries(SESSIONS)) {
  const frames = await record(session);
  const lines = frames.map((frame) => `${frame.toString('hex')}\n`);
  await writeFile(join(FOLDER, `${name}.hex`), lines.join(''));
  console.log(`${name}: ${frames.length - 1} frames, ${Buffer.concat(frames).length} bytes`);
}
