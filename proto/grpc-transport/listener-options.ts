/** What listeners are told and what they count, for the listener and the carriers alike. */

/** What carries the calls; see `carriers.ts`. */
export const TRANSPORTS = ['wire', 'grpc-js'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** What one listener puts up with: of `LISTEN`, so that tests can hand in smaller numbers. */
export type TransportLimits = Readonly<
  Record<
    | 'requestBytesMax'
    | 'metadataBytesMax'
    | 'streamsPerConnectionMax'
    | 'connectionsMax'
    | 'firstByteMs'
    | 'handshakeMs'
    | 'idleConnectionMs'
    | 'pingMs'
    | 'pingTimeoutMs'
    | 'sessionMemoryBytesMax'
    | 'backlogMessagesMax'
    | 'stalledReaderMs'
    | 'requestMs'
    | 'connectionAgeMs'
    | 'connectionAgeGraceMs'
    | 'partialRequestsBytesMax'
    | 'partialRequestsPerConnectionBytesMax'
    | 'answersWaitingBytesMax'
    | 'answersWaitingPerConnectionBytesMax',
    number
  >
>;

/** Where to listen. Port 0 picks a free one. */
export interface ListenerAddress {
  /** What routes call this way in, e.g. `internal`. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /**
   * Every connection begins with a PROXY header, whose address becomes the call's peer. Only for a
   * port that nobody but the proxy can reach: others could write what they like.
   */
  readonly isProxied?: boolean;
}

/** A certificate chain and its key, as PEM. */
export interface TlsMaterial {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

export interface CallCounters {
  started: number;
  /** Those whose handler threw what it should have answered. */
  failed: number;
}

/** Totals since the start, but for `open`. */
export interface ListenerCounters {
  readonly connections: {
    open: number;
    tls: number;
    plaintext: number;
  };
  /** Connections that were closed before a call could be made, by reason. */
  readonly rejected: {
    /** There were as many as are allowed. */
    limit: number;
    /**
     * The first byte belongs to neither protocol, TLS is not offered or not for HTTP/2, or the
     * PROXY header is missing or malformed.
     */
    protocol: number;
    /** Nothing came in time. */
    silent: number;
    /** The TLS handshake failed or took too long. */
    handshake: number;
  };
  /** Connections that were cut because their reader stood still. */
  slowReaders: number;
  /** Connections that were closed for what their client did against the protocol. */
  protocolErrors: number;
  readonly calls: CallCounters;
}
