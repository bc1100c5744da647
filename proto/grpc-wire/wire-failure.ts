/** What this transport itself answers calls with that it can't hand on. */

/** Status codes of gRPC. */
export const GRPC_STATUS = {
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
} as const;

export class WireFailure extends Error {
  /** Of `GRPC_STATUS`. */
  readonly grpcStatus: number;

  constructor(grpcStatus: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'WireFailure';
    this.grpcStatus = grpcStatus;
  }
}
