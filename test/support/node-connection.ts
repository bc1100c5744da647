/** The echo service over node:http2, on a connection within the process: a second opinion. */
import {
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LISTEN } from '#lib/limits';
import { HTTP2 } from '#lib/transport-limits';
import { framesOf } from '#support/memory-connection';
import { memorySockets } from '#support/memory-socket';
import type { Frame } from '#support/raw-http2';

const TURNS = 10;
const RESPONSE = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': 'identity,gzip',
};

export class NodeConnection {
  readonly client: Duplex;
  readonly #session: ServerHttp2Session;
  readonly #said: Buffer[] = [];

  constructor() {
    const { client, server } = memorySockets();
    this.client = client;
    client.on('data', (chunk: Buffer) => this.#said.push(chunk));
    client.on('error', () => undefined);
    this.#session = performServerHandshake(server, {
      settings: {
        initialWindowSize: HTTP2.streamWindowBytes,
        maxConcurrentStreams: LISTEN.streamsPerConnectionMax,
        maxHeaderListSize: LISTEN.metadataBytesMax,
      },
    });
    this.#session.on('error', () => undefined);
    this.#session.on('stream', echo);
    this.#session.setLocalWindowSize(HTTP2.connectionWindowBytes);
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await nextTurn();
  }

  get frames(): Frame[] {
    return framesOf(Buffer.concat(this.#said));
  }

  async end(): Promise<void> {
    this.client.end();
    await this.settle();
    this.#session.destroy();
    this.client.destroy();
  }
}

/** Whatever is called: what comes goes back, once all is there. */
function echo(stream: ServerHttp2Stream): void {
  const body: Buffer[] = [];
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => body.push(chunk));
  stream.on('end', () => {
    if (stream.destroyed || stream.headersSent) return;
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.respond(RESPONSE, { waitForTrailers: true });
    stream.end(Buffer.concat(body));
  });
}
