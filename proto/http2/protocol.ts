/** The numbers of HTTP/2. RFC 9113, sections 6, 7 and 11 */

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FLAG = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

export const SETTING = {
  headerTableBytes: 1,
  enablePush: 2,
  streamsMax: 3,
  initialWindowBytes: 4,
  frameBytesMax: 5,
  headerListBytesMax: 6,
} as const;

/** Why a stream or a connection ended. */
export const ERROR = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  enhanceYourCalm: 11,
} as const;

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export const HEAD_BYTES = 9;
export const SETTING_BYTES = 6;
export const PING_BYTES = 8;
export const PRIORITY_BYTES = 5;
/** The largest frame that every peer takes, and what an end may raise that to. */
export const FRAME_BYTES_DEFAULT = 16_384;
export const FRAME_BYTES_MAX = 2 ** 24 - 1;
/** Windows before any SETTINGS or WINDOW_UPDATE frame. */
export const WINDOW_BYTES_DEFAULT = 65_535;
export const WINDOW_BYTES_MAX = 2 ** 31 - 1;
export const STREAM_ID_MAX = 2 ** 31 - 1;
