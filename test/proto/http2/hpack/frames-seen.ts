/**
 * A server that knows only as much of HTTP/2 as it takes to see the header blocks of a client, and
 * to answer with blocks of its own.
 */
import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

const HEAD_BYTES = 9;
const PREFACE_BYTES = 24;
const HEADERS = 1;
const SETTINGS = 4;
const CONTINUATION = 9;
const END_STREAM = 0x1;
const ACK = 0x1;
const END_HEADERS = 0x4;
const PADDED = 0x8;
const PRIORITY = 0x20;
const HEADER_TABLE_SIZE = 1;
const FRAME_BYTES_MAX = 16_384;

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export interface Seen {
  readonly streamId: number;
  readonly block: Buffer;
  /** Frames that it came in. */
  readonly frames: number;
}

/** One connection of a client. */
export class SeenConnection {
  readonly #socket: Socket;
  readonly #onBlock: (seen: Seen, connection: SeenConnection) => void;
  readonly #onTableBytes: (bytes: number) => void;
  #rest: Buffer = Buffer.alloc(0);
  #hasPreface = false;
  #parts: Buffer[] = [];

  constructor(
    socket: Socket,
    onBlock: (seen: Seen, connection: SeenConnection) => void,
    onTableBytes: (bytes: number) => void,
  ) {
    this.#socket = socket;
    this.#onBlock = onBlock;
    this.#onTableBytes = onTableBytes;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  /** Tells the client how large a table of ours it may use. */
  allowTable(bytes: number): void {
    const payload = Buffer.alloc(6);
    payload.writeUInt16BE(HEADER_TABLE_SIZE, 0);
    payload.writeUInt32BE(bytes, 2);
    this.#send(SETTINGS, 0, 0, payload);
  }

  /** A whole answer: headers and nothing else. */
  answer(streamId: number, block: Buffer): void {
    for (let at = 0, type = HEADERS; at === 0 || at < block.length; type = CONTINUATION) {
      const end = at + FRAME_BYTES_MAX;
      const flags = (type === HEADERS ? END_STREAM : 0) | (end >= block.length ? END_HEADERS : 0);
      this.#send(type, flags, streamId, block.subarray(at, end));
      at = end;
    }
  }

  #send(type: number, flags: number, streamId: number, payload: Buffer): void {
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUIntBE(payload.length, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(streamId, 5);
    this.#socket.write(Buffer.concat([head, payload]));
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    if (!this.#hasPreface) {
      if (this.#rest.length < PREFACE_BYTES) return;
      this.#rest = this.#rest.subarray(PREFACE_BYTES);
      this.#hasPreface = true;
    }
    while (this.#rest.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < end) return;
      const bytes = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end);
      this.#onFrame({
        type: bytes[3]!,
        flags: bytes[4]!,
        streamId: bytes.readUInt32BE(5),
        payload: bytes.subarray(HEAD_BYTES),
      });
    }
  }

  #onFrame({ type, flags, streamId, payload }: Frame): void {
    if (type === SETTINGS && (flags & ACK) === 0) this.#onSettings(payload);
    if (type !== HEADERS && type !== CONTINUATION) return;
    this.#parts.push(type === HEADERS ? blockPart(flags, payload) : payload);
    if ((flags & END_HEADERS) === 0) return;
    const parts = this.#parts;
    this.#parts = [];
    this.#onBlock({ streamId, block: Buffer.concat(parts), frames: parts.length }, this);
  }

  #onSettings(payload: Buffer): void {
    for (let at = 0; at < payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== HEADER_TABLE_SIZE) continue;
      this.#onTableBytes(payload.readUInt32BE(at + 2));
    }
    this.#send(SETTINGS, ACK, 0, Buffer.alloc(0));
  }
}

function blockPart(flags: number, payload: Buffer): Buffer {
  const paddingBytes = (flags & PADDED) === 0 ? 0 : payload[0]!;
  const start = ((flags & PADDED) === 0 ? 0 : 1) + ((flags & PRIORITY) === 0 ? 0 : 5);
  return payload.subarray(start, payload.length - paddingBytes);
}

/** node:http2 as the client of such a server. */
export class NodeSession {
  readonly client: ClientHttp2Session;
  readonly server: SeenConnection;
  readonly #listening: Server;

  private constructor(client: ClientHttp2Session, server: SeenConnection, listening: Server) {
    this.client = client;
    this.server = server;
    this.#listening = listening;
  }

  static async open(
    tableBytes: number,
    onBlock: (seen: Seen, connection: SeenConnection) => void,
    onTableBytes: (bytes: number) => void = () => undefined,
  ): Promise<NodeSession> {
    const listening = createServer();
    listening.listen(0, '127.0.0.1');
    await once(listening, 'listening');
    const accepted = once(listening, 'connection') as Promise<[Socket]>;
    const { port } = listening.address() as AddressInfo;
    const client = connectHttp2(`http://127.0.0.1:${port}`, {
      maxSendHeaderBlockLength: 1_000_000,
      settings: { maxHeaderListSize: 1_000_000 },
    });
    const [socket] = await accepted;
    const server = new SeenConnection(socket, onBlock, onTableBytes);
    const heard = once(client, 'remoteSettings');
    server.allowTable(tableBytes);
    await heard;
    return new NodeSession(client, server, listening);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#listening, 'close');
    this.client.destroy();
    this.#listening.close();
    await closed;
  }
}
