/**
 * Where grpc-js as a server does not do what its clients need, and has no option for it: this
 * reaches for its inner parts, and fails at the start when a later version keeps them elsewhere.
 */
import type { Server } from '@grpc/grpc-js';

/**
 * Metadata of any size is taken: a few bytes of compressed headers can stand for half a megabyte.
 * So this bounds what is handed on to node:http2.
 */
export function boundMetadata(server: Server, metadataBytesMax: number): void {
  const options: unknown = Reflect.get(server, 'commonServerOptions');
  const settings = (options as { settings?: Record<string, number> } | undefined)?.settings;
  if (!settings) throw new TypeError('this version of grpc-js keeps its HTTP/2 settings elsewhere');
  settings['maxHeaderListSize'] = metadataBytesMax;
}

type Headers = Record<string, string | undefined>;
type StreamHandler = (interceptors: unknown, stream: unknown, headers: Headers) => void;

const TIMEOUT_HEADER = 'grpc-timeout';
/** `grpc-timeout` is digits and a unit; here in ms. */
const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};
/** What fits in 31 bits, which is all that grpc-js and Node's timers count: about 24 days. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

/**
 * Java opens its Telemetry stream with a deadline in 60 years, which overflows and ends the stream
 * at once. A call with a deadline beyond 24 days has none.
 */
export function forgiveLongDeadlines(server: Server): void {
  const inner: unknown = Reflect.get(server, '_streamHandler');
  if (typeof inner !== 'function') {
    throw new TypeError('this version of grpc-js handles its streams elsewhere');
  }
  const handle = (inner as StreamHandler).bind(server);
  const forgiving: StreamHandler = (interceptors, stream, headers) => {
    const timeout = headers[TIMEOUT_HEADER];
    if (timeout === undefined || !(timeoutMs(timeout) > TIMEOUT_MS_MAX)) {
      return handle(interceptors, stream, headers);
    }
    const { [TIMEOUT_HEADER]: _, ...rest } = headers;
    return handle(interceptors, stream, rest);
  };
  Reflect.set(server, '_streamHandler', forgiving);
}

function timeoutMs(timeout: string): number {
  return Number(timeout.slice(0, -1)) * (UNIT_MS[timeout.slice(-1)] ?? 1);
}

/** A call whose message has half a character in it would never be answered. */
export function encodable(message: string): string {
  return Buffer.from(message).toString();
}
