/** Calls and answers of `apache.rocketmq.v2.MessagingService` as far as every mode needs them. */
import type { Connection } from './connection.ts';
import { FieldReader } from './protobuf.ts';

/** The code of a good answer. wire.md A.2 */
export const OK = 20_000;

export interface Status {
  /** 0 when the answer has no status at all. */
  readonly code: number;
  /** Empty when the answer is good: nobody reads it. */
  readonly message: string;
}

const GOOD: Status = { code: OK, message: '' };

const reader = new FieldReader();

/** A `Status` at `start..end` of `bytes`. */
export function readStatus(bytes: Buffer, start: number, end: number): Status {
  let code = 0;
  let textStart = 0;
  let textEnd = 0;
  for (reader.open(bytes, start, end); reader.next();) {
    if (reader.number === 1) {
      code = reader.value;
    } else if (reader.number === 2) {
      textStart = reader.start;
      textEnd = reader.end;
    }
  }
  return code === OK ? GOOD : { code, message: bytes.toString('utf8', textStart, textEnd) };
}

const answerReader = new FieldReader();

/** The status in field 1, where every answer has it. */
export function statusOf(bytes: Buffer, start = 0, end = bytes.length): Status {
  for (answerReader.open(bytes, start, end); answerReader.next();) {
    if (answerReader.number === 1) return readStatus(bytes, answerReader.start, answerReader.end);
  }
  return { code: 0, message: 'the answer has no status' };
}

/** A call for which speed does not matter. Rejects when gRPC fails; the body's status is unread. */
export function unary(connection: Connection, method: string, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let answer: Buffer | undefined;
    connection.call(method, request, {
      onMessage(bytes, start, end) {
        answer = Buffer.from(bytes.subarray(start, end));
      },
      onEnd(grpcStatus, grpcMessage) {
        if (grpcStatus === 0 && answer !== undefined) resolve(answer);
        else reject(new Error(`${method}: gRPC status ${grpcStatus} ${grpcMessage}`));
      },
    });
  });
}
