/**
 * A header block that can't be decoded. The tables of both ends differ from here on, so that the
 * connection has to end with COMPRESSION_ERROR. RFC 7541 2.3.3, RFC 9113 4.3
 */
export class HpackError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'HpackError';
  }
}
