/** One connection of our own transport within the process, and what there is to know about it. */
import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LISTEN } from '#lib/limits';
import { GRPC } from '#lib/transport-limits';
import { createLog } from '#lib/log';
import type { Method, Service } from '#proto/grpc-transport/call';
import type { ListenerCounters, TransportLimits } from '#proto/grpc-transport/listener-options';
import { Gate } from '#proto/grpc-wire/inflater';
import { type Shared, WireConnection } from '#proto/grpc-wire/wire-connection';
import { ByteBudget } from '#proto/http2/byte-budget';
import { Turn } from '#proto/http2/output';
import { ECHO, echoService } from '#support/echo-service';
import { memorySockets } from '#support/memory-socket';
import { HEAD_BYTES } from '#proto/http2/protocol';
import { type Frame, frameAt } from '#support/raw-http2';
import { withinMs } from '#support/until';

const CLOSED_MS = 10_000;
const TURNS = 10;
/** Digits of what `Stream` and `Careless` are asked for: a number may have become any other. */
const DIGITS = 3;

/** Throws for what is not complete. */
export function framesOf(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length;) {
    const frame = frameAt(bytes, at);
    if (!frame) throw new Error('the last frame is not complete');
    frames.push(frame);
    at += HEAD_BYTES + frame.payload.length;
  }
  return frames;
}

export class MemoryConnection {
  readonly client: Duplex;
  /** Lines of the log at level error. */
  readonly errors: unknown[] = [];
  readonly counters: ListenerCounters = {
    connections: { open: 0, tls: 0, plaintext: 0 },
    rejected: { limit: 0, protocol: 0, silent: 0, handshake: 0 },
    slowReaders: 0,
    protocolErrors: 0,
    calls: { started: 0, failed: 0 },
  };
  readonly connection: WireConnection;
  readonly #shared: Shared;
  readonly #closed: Promise<void>;
  readonly #release: () => void;
  readonly #said: Buffer[] = [];
  #handlers = 0;

  /** `nowMs` is when it was opened, for `connection.tick`. */
  constructor(given: Partial<TransportLimits> = {}, nowMs = 0) {
    const limits = { ...LISTEN, ...given };
    const { service, record } = echoService();
    this.#release = record.release;
    const destination = { write: (line: string) => void this.errors.push(line) };
    const options = {
      listener: 'internal',
      services: [service],
      limits,
      log: createLog({ level: 'error', format: 'json', destination }),
      counters: this.counters,
    };
    this.#shared = {
      options,
      limits,
      methods: this.#watched(service),
      turn: new Turn(),
      partialRequests: new ByteBudget(limits.partialRequestsBytesMax),
      answers: new ByteBudget(limits.answersWaitingBytesMax),
      inflations: new Gate(GRPC.inflationsMax),
      onAnswersFull: () => undefined,
    };
    const { client, server } = memorySockets();
    this.client = client;
    client.on('data', (chunk: Buffer) => this.#said.push(chunk));
    server.on('error', (error) => this.errors.push(error));
    let onGone!: () => void;
    this.#closed = new Promise((resolve) => (onGone = resolve));
    this.connection = new WireConnection(server, 'memory:1', this.#shared, nowMs, onGone);
  }

  /** What it has said so far has had its effects. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await nextTurn();
  }

  /** Ends it from the client's side. Rejects when something does not come to its end. */
  async end(): Promise<void> {
    this.client.end();
    await withinMs(CLOSED_MS, this.#closed, () => new Error('the connection does not close'));
    this.#release();
    await this.settle();
  }

  /** What is left of it; all of it is 0 behind its end. */
  get left(): Readonly<Record<'handlers' | 'partialBytes' | 'waitingBytes', number>> {
    return {
      handlers: this.#handlers,
      partialBytes: this.#shared.partialRequests.bytes,
      waitingBytes: this.#shared.answers.bytes,
    };
  }

  /** What the server has said; all of it is frames. */
  get frames(): Frame[] {
    return framesOf(Buffer.concat(this.#said));
  }

  /** Handlers that are counted as long as they work. */
  #watched(service: Service): Map<string, Method> {
    const methods = new Map<string, Method>();
    for (const [name, method] of Object.entries(service.methods)) {
      methods.set(`/${ECHO}/${name}`, this.#watchedMethod(method));
    }
    return methods;
  }

  #watchedMethod(method: Method): Method {
    const watch = <T>(work: () => T | Promise<T>): T | Promise<T> => {
      this.#handlers += 1;
      const done = (): void => void (this.#handlers -= 1);
      try {
        const outcome = work();
        if (outcome instanceof Promise) return outcome.finally(done);
        done();
        return outcome;
      } catch (error) {
        done();
        throw error;
      }
    };
    if (method.kind === 'unary') {
      const { kind, handle } = method;
      return { kind, handle: (request, call) => watch(() => handle(request, call)) };
    }
    if (method.kind === 'server-stream') {
      const { kind, handle } = method;
      const few = (request: Buffer): Buffer => request.subarray(0, DIGITS);
      return { kind, handle: (request, call, out) => watch(() => handle(few(request), call, out)) };
    }
    const { kind, handle } = method;
    return {
      kind,
      handle: (stream, call) => {
        this.#handlers += 1;
        const onEnd = stream.onEnd.bind(stream);
        stream.onEnd = (listener) => {
          onEnd(() => {
            this.#handlers -= 1;
            listener();
          });
        };
        handle(stream, call);
      },
    };
  }
}
