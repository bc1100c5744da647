/**
 * What a handler sees of a call: raw bytes and a context, and nothing of the transport that carried
 * them, so that the transport can be replaced without touching a handler.
 */

/** The client and the circumstances of one call; the same object for the life of the call. */
export interface Call {
  /** `x-mq-client-id`; empty when the client sent none. wire.md A.3 */
  readonly clientId: string;
  /** `x-mq-language`, as sent: JAVA, GO, HTTP (Node), … */
  readonly language: string;
  /** `x-mq-client-version`, as sent. */
  readonly clientVersion: string;
  /** `x-mq-namespace`; empty when there is none. */
  readonly namespace: string;
  /** `address:port` of the other end; `unknown` once the connection is gone. */
  readonly peer: string;
  /** The name of the listener that the call came in by, e.g. `internal`. */
  readonly listener: string;
  /** `:authority` of the call: the host:port that the client dialled, if it said. */
  readonly authority: string;
  /** When the client gives up, in ms since the epoch; Infinity when it set no deadline. */
  readonly deadlineMs: number;
  /** The call was cut short; stays false once the handler has answered. */
  readonly cancelled: boolean;
  /** Metadata that the client sent, by lower-case name; empty when it sent none. */
  header(name: string): string;
  /**
   * Metadata of a name that ends in `-bin`, the first value when there are several; undefined when
   * the client sent none.
   */
  binaryHeader(name: string): Buffer | undefined;
  /**
   * Runs once when the client cancels, the deadline passes or the connection is lost; at once when
   * that has already happened.
   */
  onCancel(listener: () => void): void;
}

/** Where a streaming handler writes. Each buffer is one whole encoded message. */
export interface Outgoing {
  /** False when the other end reads too slowly: wait for `drained()` before writing more. */
  write(message: Buffer): boolean;
  /** Resolves when there is room again, or when the call was cut short (`call.cancelled`). */
  drained(): Promise<void>;
}

/** The server's half of a stream in both directions. */
export interface Duplex extends Outgoing {
  onMessage(listener: (message: Buffer) => void): void;
  /** The client closed its half, cancelled, or the connection was lost; runs once. */
  onEnd(listener: () => void): void;
  end(): void;
  /** Ends the stream with a gRPC status other than OK, e.g. 3 INVALID_ARGUMENT. */
  fail(grpcStatus: number, message: string): void;
}

/** Nobody writes to the request any more: what lies in it may be used until the answer is made. */
export type UnaryHandler = (request: Buffer, call: Call) => Buffer | Promise<Buffer>;
export type ServerStreamHandler = (
  request: Buffer,
  call: Call,
  out: Outgoing,
) => void | Promise<void>;
export type DuplexHandler = (stream: Duplex, call: Call) => void;

export type Method =
  | { kind: 'unary'; handle: UnaryHandler }
  | { kind: 'server-stream'; handle: ServerStreamHandler }
  | { kind: 'duplex'; handle: DuplexHandler };

/** A gRPC service: its full name, e.g. `sluice.admin.v1.Admin`, and its methods by name. */
export interface Service {
  readonly name: string;
  readonly methods: Readonly<Record<string, Method>>;
}
