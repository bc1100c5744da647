/**
 * How a unary handler ends its call with a gRPC status of its choice. What else it throws is a
 * mistake of ours: logged, and answered as INTERNAL without its text.
 */
export class CallFailure extends Error {
  /** A gRPC status other than OK, e.g. 5 NOT_FOUND. */
  readonly grpcStatus: number;
  /** Metadata that goes with the status, by lower-case name. */
  readonly trailers: Readonly<Record<string, string>>;

  constructor(
    grpcStatus: number,
    message: string,
    trailers: Readonly<Record<string, string>> = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'CallFailure';
    this.grpcStatus = grpcStatus;
    this.trailers = trailers;
  }
}
