/**
 * The one error class, over a closed list of codes. What a code becomes on a wire (a number of
 * apache.rocketmq.v2, later a remoting or HTTP code) is the table in `proto/codes.ts`.
 */

/**
 * Every reason for which Sluice turns a call away; `true` where the same call may succeed later.
 */
const RETRYABLE = {
  BAD_REQUEST: false,
  ILLEGAL_TOPIC: false,
  ILLEGAL_CONSUMER_GROUP: false,
  ILLEGAL_MESSAGE_TAG: false,
  ILLEGAL_MESSAGE_KEY: false,
  ILLEGAL_MESSAGE_GROUP: false,
  ILLEGAL_MESSAGE_PROPERTY_KEY: false,
  ILLEGAL_MESSAGE_ID: false,
  ILLEGAL_FILTER_EXPRESSION: false,
  ILLEGAL_INVISIBLE_TIME: false,
  ILLEGAL_POLLING_TIME: false,
  ILLEGAL_OFFSET: false,
  ILLEGAL_DELIVERY_TIME: false,
  INVALID_RECEIPT_HANDLE: false,
  INVALID_TRANSACTION_ID: false,
  MESSAGE_PROPERTY_CONFLICT_WITH_TYPE: false,
  MESSAGE_CORRUPTED: false,
  UNRECOGNIZED_CLIENT_TYPE: true,
  CLIENT_ID_REQUIRED: false,
  INVALID_CLIENT_PROPERTIES: false,
  UNAUTHORIZED: false,
  FORBIDDEN: false,
  MESSAGE_NOT_FOUND: false,
  TOPIC_NOT_FOUND: false,
  CONSUMER_GROUP_NOT_FOUND: false,
  OFFSET_NOT_FOUND: false,
  CLIENT_NOT_FOUND: false,
  CLIENT_TIMEOUT: true,
  ALREADY_EXISTS: false,
  MESSAGE_BODY_TOO_LARGE: false,
  MESSAGE_BODY_EMPTY: false,
  MESSAGE_PROPERTIES_TOO_LARGE: false,
  TOO_MANY_REQUESTS: true,
  BROKER_READ_ONLY: true,
  DISK_FULL: true,
  STORE_UNAVAILABLE: true,
  SHUTTING_DOWN: true,
  INTERNAL_ERROR: true,
  NOT_IMPLEMENTED: false,
  UNSUPPORTED: false,
} as const;

export type ErrorCode = keyof typeof RETRYABLE;

export const ERROR_CODES = Object.keys(RETRYABLE) as readonly ErrorCode[];

/**
 * A failure with a code from the closed list. The message goes to the client; the cause is only
 * logged.
 */
export class SluiceError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'SluiceError';
    this.code = code;
  }

  get retryable(): boolean {
    return RETRYABLE[this.code];
  }

  /**
   * The only way in for foreign errors: they become INTERNAL_ERROR, and their text stays inside.
   */
  static from(error: unknown): SluiceError {
    if (error instanceof SluiceError) return error;
    return new SluiceError('INTERNAL_ERROR', 'internal error; the server log has the cause', {
      cause: error,
    });
  }
}
