/** Status: an outcome, of a call or of one of its entries. wire.md A.1 */
import type { Status } from '#proto/codes';
import { STATUS } from '#proto/wire/fields';
import { WireWriter } from '#proto/wire/writer';

/** Of an answer, beside what each of its entries takes: enough for a status that is OK. */
export const STATUS_BYTES_EXPECTED = 32;

export function writeStatus(writer: WireWriter, tag: number, { code, message }: Status): void {
  const before = writer.written;
  writer.plainString(STATUS.message, message);
  writer.plainInteger(STATUS.code, code);
  writer.message(tag, before);
}

/** An answer that is nothing but the status. */
export function encodeStatusField(tag: number, status: Status): Buffer {
  const writer = new WireWriter(STATUS_BYTES_EXPECTED);
  writeStatus(writer, tag, status);
  return writer.finish();
}
