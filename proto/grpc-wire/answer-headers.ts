/** The header blocks of answers. Most answers have the same, which are then one byte each. */
import { GRPC } from '#lib/transport-limits';
import type { EncodableFields } from '#proto/http2/hpack/encoder';
import type { Trailers } from '#proto/grpc-transport/call-failure';

type Field = readonly [name: string, value: string, isIndexed: boolean];

const STATUS_200: Field = [':status', '200', true];
const CONTENT_TYPE: Field = ['content-type', 'application/grpc', true];
const ENCODINGS: Field = ['grpc-accept-encoding', 'identity,gzip', true];

/** Before the first message. */
export const ANSWER_HEADERS: EncodableFields = [STATUS_200, CONTENT_TYPE, ENCODINGS];

/** Behind the last one of a call that went well. */
export const OK_TRAILERS: EncodableFields = [['grpc-status', '0', true]];

export interface Failure {
  /** A gRPC status other than OK. */
  readonly grpcStatus: number;
  readonly message: string;
  readonly trailers?: Trailers;
}

/** Behind the messages of a call that failed, or instead of all else. */
export function failureFields(failure: Failure, hasHeaders: boolean): EncodableFields {
  const { grpcStatus, message, trailers = {} } = failure;
  const fields: Field[] = hasHeaders ? [] : [STATUS_200, CONTENT_TYPE, ENCODINGS];
  fields.push(['grpc-status', String(grpcStatus), false]);
  if (message !== '') {
    const text = percentEncode(message.slice(0, GRPC.statusMessageCharsMax));
    fields.push(['grpc-message', text, false]);
  }
  for (const [name, value] of Object.entries(trailers)) {
    const text = typeof value === 'string' ? value : value.toString('base64').replace(/=+$/, '');
    fields.push([name, text, false]);
  }
  return fields;
}

/** What a client that does not speak gRPC gets. RFC 9110 15.5.6, 15.5.16 */
export function plainFields(isPost: boolean, bodyBytes: number): EncodableFields {
  const content: Field[] = [
    ['content-type', 'text/plain; charset=utf-8', false],
    ['content-length', String(bodyBytes), false],
  ];
  if (isPost) return [[':status', UNSUPPORTED_MEDIA_TYPE, false], ...content];
  return [[':status', METHOD_NOT_ALLOWED, false], ['allow', 'POST', false], ...content];
}

const METHOD_NOT_ALLOWED = '405';
const UNSUPPORTED_MEDIA_TYPE = '415';

/** As `grpc-message` is written: what is not printable ASCII, and %, as the bytes of its UTF-8. */
function percentEncode(message: string): string {
  if (PLAIN.test(message)) return message;
  let encoded = '';
  for (const byte of Buffer.from(message)) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== PERCENT;
    encoded += isPlain
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

const PERCENT = 0x25;
const PLAIN = /^[ -$&-~]*$/;
