/** What a peer did wrong, as exceptions inside the frame layer. RFC 9113 5.4 */

import { ERROR } from '#proto/http2/protocol';

/** Ends the connection: GOAWAY with this code, and the message as its debug data. */
export class ConnectionError extends Error {
  /** Of `ERROR`. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'ConnectionError';
    this.code = code;
  }
}

/** Ends one stream: RST_STREAM with this code. */
export class StreamError extends Error {
  readonly streamId: number;
  /** Of `ERROR`. */
  readonly code: number;

  constructor(streamId: number, code: number, message: string) {
    super(message);
    this.name = 'StreamError';
    this.streamId = streamId;
    this.code = code;
  }
}

export function wrongStream(frame: string): ConnectionError {
  return new ConnectionError(ERROR.protocol, `${frame} on a stream that it can't be on`);
}

export function wrongLength(frame: string): ConnectionError {
  return new ConnectionError(ERROR.frameSize, `a ${frame} frame of a wrong length`);
}
