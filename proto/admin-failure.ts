/** How a refusal travels over sluice.admin.v1: a gRPC status for every client, and our own code. */
import { status } from '@grpc/grpc-js';
import type { ErrorCode, SluiceError } from '#lib/errors';
import { CODE_TRAILER } from '#proto/admin';
import { CallFailure } from '#proto/grpc-transport/call-failure';

const NOT_FOUND: readonly ErrorCode[] = [
  'MESSAGE_NOT_FOUND',
  'TOPIC_NOT_FOUND',
  'CONSUMER_GROUP_NOT_FOUND',
  'OFFSET_NOT_FOUND',
  'CLIENT_NOT_FOUND',
];

const OTHERS: Partial<Readonly<Record<ErrorCode, status>>> = {
  UNAUTHORIZED: status.UNAUTHENTICATED,
  FORBIDDEN: status.PERMISSION_DENIED,
  ALREADY_EXISTS: status.ALREADY_EXISTS,
  MESSAGE_PROPERTY_CONFLICT_WITH_TYPE: status.FAILED_PRECONDITION,
  TOO_MANY_REQUESTS: status.RESOURCE_EXHAUSTED,
  BROKER_READ_ONLY: status.UNAVAILABLE,
  DISK_FULL: status.RESOURCE_EXHAUSTED,
  STORE_UNAVAILABLE: status.UNAVAILABLE,
  SHUTTING_DOWN: status.UNAVAILABLE,
  CLIENT_TIMEOUT: status.DEADLINE_EXCEEDED,
  INTERNAL_ERROR: status.INTERNAL,
  MESSAGE_CORRUPTED: status.DATA_LOSS,
  NOT_IMPLEMENTED: status.UNIMPLEMENTED,
  UNSUPPORTED: status.UNIMPLEMENTED,
};

/** All other codes say that the request itself is wrong. */
export function grpcStatusOf(code: ErrorCode): status {
  if (NOT_FOUND.includes(code)) return status.NOT_FOUND;
  return OTHERS[code] ?? status.INVALID_ARGUMENT;
}

export function failureOf(error: SluiceError): CallFailure {
  const trailers = { [CODE_TRAILER]: error.code };
  return new CallFailure(grpcStatusOf(error.code), error.message, trailers, { cause: error });
}
