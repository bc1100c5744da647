/** What of a frame's payload is no padding and no priority. RFC 9113 6.1, 6.2 */
import { ConnectionError } from '#proto/http2/errors';
import { ERROR, FLAG, PRIORITY_BYTES } from '#proto/http2/protocol';

export interface Span {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** A frame's payload without its padding. @throws ConnectionError when there is more padding */
export function withoutPadding(flags: number, bytes: Buffer, start: number, end: number): Span {
  if ((flags & FLAG.padded) === 0) return { bytes, start, end };
  const padding = start < end ? (bytes[start] as number) : end;
  if (start + 1 + padding > end) {
    throw new ConnectionError(ERROR.protocol, 'a frame with more padding than payload');
  }
  return { bytes, start: start + 1, end: end - padding };
}

/** What a HEADERS frame has of the block. @throws ConnectionError for a frame that is too short */
export function blockPart(
  streamId: number,
  flags: number,
  payload: Buffer,
  from: number,
  to: number,
): Span {
  const { bytes, start, end } = withoutPadding(flags, payload, from, to);
  if ((flags & FLAG.priority) === 0) return { bytes, start, end };
  if (end - start < PRIORITY_BYTES) {
    throw new ConnectionError(ERROR.frameSize, 'a HEADERS frame that is too short');
  }
  checkDependency(streamId, bytes, start);
  return { bytes, start: start + PRIORITY_BYTES, end };
}

/** Priorities are not used. @throws ConnectionError for a stream that depends on itself */
export function checkDependency(streamId: number, bytes: Buffer, at: number): void {
  if ((bytes.readUInt32BE(at) & 0x7fff_ffff) === streamId) {
    throw new ConnectionError(ERROR.protocol, 'a stream that depends on itself');
  }
}
