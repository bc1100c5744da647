/** SETTINGS frames. RFC 9113 6.5 */
import { ConnectionError } from '#proto/http2/errors';
import {
  ERROR,
  FRAME_BYTES_DEFAULT,
  FRAME_BYTES_MAX,
  SETTING,
  SETTING_BYTES,
  WINDOW_BYTES_MAX,
} from '#proto/http2/protocol';

/** The payload that says these settings. */
export function encodeSettings(
  settings: readonly (readonly [id: number, value: number])[],
): Buffer {
  const payload = Buffer.alloc(settings.length * SETTING_BYTES);
  settings.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, index * SETTING_BYTES);
    payload.writeUInt32BE(value, index * SETTING_BYTES + 2);
  });
  return payload;
}

/**
 * Calls `apply` for each setting, in their order; also for those that nobody knows.
 *
 * @throws ConnectionError for what is no such payload, and for values that are not allowed
 */
export function readSettings(
  bytes: Buffer,
  start: number,
  end: number,
  apply: (id: number, value: number) => void,
): void {
  if ((end - start) % SETTING_BYTES !== 0) {
    throw new ConnectionError(ERROR.frameSize, 'a SETTINGS frame of a wrong length');
  }
  for (let at = start; at < end; at += SETTING_BYTES) {
    const id = bytes.readUInt16BE(at);
    const value = bytes.readUInt32BE(at + 2);
    check(id, value);
    apply(id, value);
  }
}

function check(id: number, value: number): void {
  if (id === SETTING.enablePush && value > 1) {
    throw new ConnectionError(ERROR.protocol, 'ENABLE_PUSH is neither 0 nor 1');
  }
  if (id === SETTING.initialWindowBytes && value > WINDOW_BYTES_MAX) {
    throw new ConnectionError(ERROR.flowControl, 'INITIAL_WINDOW_SIZE is too large');
  }
  if (id === SETTING.frameBytesMax && (value < FRAME_BYTES_DEFAULT || value > FRAME_BYTES_MAX)) {
    throw new ConnectionError(ERROR.protocol, 'MAX_FRAME_SIZE is out of range');
  }
}
