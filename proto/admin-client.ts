/** Calls the admin service of a broker. */
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { ERROR_CODES, SluiceError, type ErrorCode } from '#lib/errors';
import { ADMIN } from '#lib/limits';
import {
  ADMIN_SERVICE,
  adminCodecs,
  CODE_TRAILER,
  type AdminMethod,
  type AnswerOf,
  type RequestOf,
} from '#proto/admin';

export interface AdminClientOptions {
  /** `host:port` of the admin port. */
  readonly address: string;
  /** What the broker was given as its admin token, if it was given one. */
  readonly token?: string | undefined;
}

export interface AdminClient {
  /**
   * One call. Rejects with the server's SluiceError when it turned the call away, and with
   * grpc-js's own ServiceError when no answer came.
   */
  call<M extends AdminMethod>(
    method: M,
    request: RequestOf<M>['input'],
    timeoutMs?: number,
  ): Promise<AnswerOf<M>['decoded']>;
  close(): void;
}

export function createAdminClient({ address, token }: AdminClientOptions): AdminClient {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.max_receive_message_length': ADMIN.answerBytesMax,
    'grpc.enable_retries': 0,
    // The address is said explicitly: an HTTP proxy of the environment is not for it.
    'grpc.enable_http_proxy': 0,
  });
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  return {
    call<M extends AdminMethod>(
      method: M,
      request: RequestOf<M>['input'],
      timeoutMs: number = ADMIN.callMs,
    ) {
      const { request: requests, answer } = adminCodecs(method);
      return new Promise<AnswerOf<M>['decoded']>((resolve, reject) => {
        client.makeUnaryRequest<RequestOf<M>['input'], AnswerOf<M>['decoded']>(
          `/${ADMIN_SERVICE}/${method}`,
          (value) => requests.encode(value),
          (bytes) => answer.decode(bytes),
          request,
          metadata,
          { deadline: Date.now() + timeoutMs },
          (error, value) => {
            if (error) reject(refusalOf(error));
            else if (value === undefined) reject(new TypeError('neither error nor answer'));
            else resolve(value);
          },
        );
      });
    },
    close: () => client.close(),
  };
}

function refusalOf(error: ServiceError): SluiceError | ServiceError {
  const [code] = error.metadata?.get(CODE_TRAILER) ?? [];
  const known = ERROR_CODES.find((candidate): candidate is ErrorCode => candidate === code);
  return known === undefined ? error : new SluiceError(known, error.details, { cause: error });
}
