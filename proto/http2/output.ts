/** What a connection has to say: gathered over one turn of the event loop, then written at once. */
import type { Socket } from 'node:net';
import { HTTP2 } from '#lib/transport-limits';
import { FRAME, HEAD_BYTES } from '#proto/http2/protocol';

/** The outputs that have something to write at the end of this turn. */
export class Turn {
  #waiting: Output[] = [];
  readonly #flush = (): void => {
    const outputs = this.#waiting;
    this.#waiting = [];
    for (const output of outputs) output.flush();
  };

  add(output: Output): void {
    // After all that the event at hand brings about: also the answers that one fsync sets free.
    if (this.#waiting.push(output) === 1) process.nextTick(this.#flush);
  }
}

/** Buffers that go round: from an output to a socket and back. */
class Chunks {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(HTTP2.outputChunkBytes);
  }

  give(chunks: readonly Buffer[]): void {
    for (const chunk of chunks) {
      if (this.#free.length < HTTP2.outputChunksKept) this.#free.push(chunk);
    }
  }
}

const chunks = new Chunks();
const NO_CHUNK = Buffer.alloc(0);

/** Whoever an output belongs to. */
export interface OutputOwner {
  /** There is room again, after there was none. */
  onRoom(): void;
  /** The client leaves more unread than anybody should have to keep. */
  onUnread(): void;
}

export class Output {
  readonly #socket: Socket;
  readonly #turn: Turn;
  readonly #owner: OutputOwner;
  /** Written by the end of this turn, before what is in `#chunk` from `#start` to `#end`. */
  #parts: Buffer[] = [];
  #partsBytes = 0;
  /** To be given back once written. */
  #taken: Buffer[] = [];
  #chunk: Buffer = NO_CHUNK;
  #start = 0;
  #end = 0;
  #isScheduled = false;
  /** Something waits for the socket to get rid of what it was given before. */
  #isHeld = false;
  /** What the operating system had taken when that was last looked at, and something waited. */
  #checkedBytes = -1;

  constructor(socket: Socket, turn: Turn, owner: OutputOwner) {
    this.#socket = socket;
    this.#turn = turn;
    this.#owner = owner;
    socket.on('drain', () => owner.onRoom());
  }

  /** Whether more may be written now; if not, the owner hears when it may. */
  hasRoom(): boolean {
    if (this.#partsBytes >= HTTP2.outputBytesMax) this.flush();
    return this.#partsBytes < HTTP2.outputBytesMax && !this.#socket.writableNeedDrain;
  }

  /** The operating system has taken nothing of what waits since this was last asked. */
  isStalled(): boolean {
    const { bytesWritten, writableLength } = this.#socket;
    const takenBytes = writableLength > 0 ? bytesWritten - writableLength : -1;
    const isStalled = writableLength > 0 && takenBytes === this.#checkedBytes;
    this.#checkedBytes = takenBytes;
    return isStalled;
  }

  /** Bytes that the operating system has not taken yet. */
  get backlogBytes(): number {
    return this.#partsBytes + this.#end - this.#start + this.#socket.writableLength;
  }

  /** The head of a frame; its payload has to follow at once. */
  head(payloadBytes: number, type: number, flags: number, streamId: number): void {
    const at = this.#reserve(HEAD_BYTES);
    const chunk = this.#chunk;
    chunk[at] = payloadBytes >>> 16;
    chunk[at + 1] = payloadBytes >>> 8;
    chunk[at + 2] = payloadBytes;
    chunk[at + 3] = type;
    chunk[at + 4] = flags;
    chunk[at + 5] = streamId >>> 24;
    chunk[at + 6] = streamId >>> 16;
    chunk[at + 7] = streamId >>> 8;
    chunk[at + 8] = streamId;
  }

  /** Part of a payload. It is not copied when it is large: it must not change afterwards. */
  bytes(part: Buffer): void {
    const { length } = part;
    if (length > HTTP2.copiedBytesMax) {
      this.#closePart();
      this.#parts.push(part);
      this.#partsBytes += length;
      return;
    }
    const at = this.#reserve(length);
    if (length > SHORT_BYTES_MAX) {
      part.copy(this.#chunk, at);
      return;
    }
    const chunk = this.#chunk;
    for (let index = 0; index < length; index++) chunk[at + index] = part[index] as number;
  }

  /** A byte, a 32-bit number: of heads and prefixes. */
  uint8(value: number): void {
    this.#chunk[this.#reserve(1)] = value;
  }

  uint32(value: number): void {
    const at = this.#reserve(4);
    const chunk = this.#chunk;
    chunk[at] = value >>> 24;
    chunk[at + 1] = value >>> 16;
    chunk[at + 2] = value >>> 8;
    chunk[at + 3] = value;
  }

  resetStream(streamId: number, code: number): void {
    this.head(4, FRAME.resetStream, 0, streamId);
    this.uint32(code);
  }

  windowUpdate(streamId: number, bytes: number): void {
    this.head(4, FRAME.windowUpdate, 0, streamId);
    this.uint32(bytes);
  }

  /** Hands over to the socket what there is, unless it still has something. */
  flush(): void {
    this.#isScheduled = false;
    if (this.#socket.writableLength === 0) return this.finish();
    // Here the answers to many frames fill one chunk; in the socket, each would keep its own.
    this.#isHeld = true;
    if (this.backlogBytes > HTTP2.outputBacklogBytesMax) this.#owner.onUnread();
  }

  /** The last words: hands over what there is in any case. */
  finish(): void {
    this.#isHeld = false;
    this.#closePart();
    const parts = this.#parts;
    const taken = this.#taken;
    this.#parts = [];
    this.#taken = [];
    this.#partsBytes = 0;
    this.#chunk = NO_CHUNK;
    this.#start = 0;
    this.#end = 0;
    const last = parts.pop();
    // Nobody hears what is said behind the last words.
    if (!last || !this.#socket.writable) return;
    const onWritten = (): void => this.#onWritten(taken);
    if (parts.length === 0) {
      this.#socket.write(last, onWritten);
      return;
    }
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.write(last, onWritten);
    this.#socket.uncork();
  }

  #onWritten(taken: readonly Buffer[]): void {
    chunks.give(taken);
    if (!this.#isHeld) return;
    this.flush();
    this.#owner.onRoom();
  }

  #reserve(bytes: number): number {
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      this.#turn.add(this);
    }
    if (this.#end + bytes > this.#chunk.length) {
      this.#closePart();
      this.#chunk = chunks.take();
      this.#taken.push(this.#chunk);
      this.#start = 0;
      this.#end = 0;
    }
    const at = this.#end;
    this.#end += bytes;
    return at;
  }

  #closePart(): void {
    if (this.#end === this.#start) return;
    this.#parts.push(this.#chunk.subarray(this.#start, this.#end));
    this.#partsBytes += this.#end - this.#start;
    this.#start = this.#end;
  }
}

/** Up to here a loop is faster than a call into the runtime. */
const SHORT_BYTES_MAX = 32;
