/** Unpacks compressed messages: few at once, since the threads that do so are also the disk's. */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { GRPC } from '#lib/transport-limits';
import { tooLarge } from '#proto/grpc-wire/message-reader';
import { GRPC_STATUS, WireFailure } from '#proto/grpc-wire/wire-failure';

const inflate = promisify(gunzip);

/** Head and tail of a gzip; the tail ends with the length of what was packed. RFC 1952 2.2 */
const GZIP_BYTES_MIN = 18;
const LENGTH_BYTES = 4;
/** So that all of it comes at once, with the end behind it. */
const SPARE_BYTES = 64;
/** How much larger a message is expected to get at once; it may go on. */
const RATIO_EXPECTED = 64;

/** As many may work at once as it has places; who comes later waits for its turn. */
export class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

/** Of one connection: its messages are unpacked one by one, and connections take turns. */
export class Inflater {
  readonly #gate: Gate;
  readonly #bytesMax: number;
  #last: Promise<unknown> = Promise.resolve();

  /** `bytesMax` is what one message may have, unpacked. */
  constructor(gate: Gate, bytesMax: number) {
    this.#gate = gate;
    this.#bytesMax = bytesMax;
  }

  /** Undefined when nobody wants it any more at its turn. Rejects with a WireFailure. */
  inflate(message: Buffer, isWanted: () => boolean): Promise<Buffer | undefined> {
    const inflated = this.#last.then(() =>
      this.#gate.run(async () => (isWanted() ? this.#inflate(message) : undefined)),
    );
    this.#last = inflated.catch(() => undefined);
    return inflated;
  }

  async #inflate(message: Buffer): Promise<Buffer> {
    if (message.length < GZIP_BYTES_MIN) throw damaged(undefined);
    const bytesMax = this.#bytesMax;
    // Of its only part: no library of gRPC writes more. What turns out to be longer is damaged.
    const bytes = message.readUInt32LE(message.length - LENGTH_BYTES);
    if (bytes > bytesMax) throw tooLarge(bytesMax, bytes);
    const wantedBytes = Math.min(bytes + SPARE_BYTES, message.length * RATIO_EXPECTED);
    const chunkSize = Math.min(wantedBytes, GRPC.inflatedChunkBytesMax);
    try {
      return await inflate(message, { maxOutputLength: Math.max(bytes, 1), chunkSize });
    } catch (error) {
      throw damaged(error);
    }
  }
}

function damaged(cause: unknown): WireFailure {
  return new WireFailure(GRPC_STATUS.internal, 'a message that is no gzip', { cause });
}
