/** What carries calls over connections: the part of the transport that can be exchanged. */
import type { Socket } from 'node:net';
import type { Log } from '#lib/log';
import type { Service } from '#proto/grpc-transport/call';
import type { ListenerCounters, TransportLimits } from '#proto/grpc-transport/listener-options';

export interface CarrierOptions {
  /** Name of the listener, for the handlers. */
  readonly listener: string;
  readonly services: readonly Service[];
  readonly limits: TransportLimits;
  readonly log: Log;
  /** The listener's. The carrier counts calls and slow readers; the rest is not its own. */
  readonly counters: ListenerCounters;
}

/**
 * One for each listener. A connection that it was given is the carrier's until it is closed, also
 * to cut when its reader stands still. Made with `CarrierOptions`; throws TypeError when two
 * services have a method of the same path.
 */
export interface Carrier {
  /**
   * Serves a connection that begins with the HTTP/2 preface. `peer` is `address:port` of the other
   * end, which for `call.peer` counts more than what the socket says.
   */
  take(socket: Socket, peer: string): void;
  /**
   * Tells every client to make no further calls (GOAWAY) and closes each connection when its calls
   * under way are done, or after `timeoutMs`.
   */
  drain(timeoutMs: number): void;
  /** Cuts what is left. */
  destroy(): void;
}
