/** By lower-case name: text, or bytes where the name ends in `-bin`. */
export type Trailers = Readonly<Record<string, string | Buffer>>;

/**
 * How a unary handler ends its call with a gRPC status of its choice. What else it throws is a
 * mistake of ours: logged, and answered as INTERNAL without its text.
 */
export class CallFailure extends Error {
  /** A gRPC status other than OK, e.g. 5 NOT_FOUND. */
  readonly grpcStatus: number;
  /** Metadata that goes with the status. */
  readonly trailers: Trailers;

  /** Throws TypeError for text under a name that ends in `-bin`, and for bytes under another. */
  constructor(
    grpcStatus: number,
    message: string,
    trailers: Trailers = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    for (const [name, value] of Object.entries(trailers)) {
      if (name.endsWith('-bin') === Buffer.isBuffer(value)) continue;
      throw new TypeError(`the trailer ${name} can't be ${typeof value}`);
    }
    this.name = 'CallFailure';
    this.grpcStatus = grpcStatus;
    this.trailers = trailers;
  }
}
