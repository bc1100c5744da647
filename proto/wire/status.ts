/** Status { code 1, message 2 }. wire.md A.1 */
import type { Status } from '#proto/codes';
import { plainIntegerBytes, plainStringBytes } from '#proto/wire/writer';
import type { WireWriter } from '#proto/wire/writer';

export function statusBytes(status: Status): number {
  return plainIntegerBytes(1, status.code) + plainStringBytes(2, status.message);
}

/** The content; tag and length are the caller's. */
export function writeStatus(writer: WireWriter, status: Status): void {
  writer.plainInteger(1, status.code);
  writer.plainString(2, status.message);
}
