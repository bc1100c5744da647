import { FieldReader } from '../../bench/wire/protobuf.ts';

export interface DecodedSend {
  readonly topic: string;
  readonly id: string;
  readonly queue: number;
  readonly bodyBytes: number;
}

/** The fields by which the tests know a SendMessageRequest, by number: `[field, …path]`. */
export function decode(request: Buffer): DecodedSend {
  const message = only(request, 1);
  const system = only(message, 3);
  return {
    topic: only(only(message, 1), 2).toString(),
    id: only(system, 3).toString(),
    queue: number(system, 13),
    bodyBytes: only(message, 4).length,
  };
}

function only(bytes: Buffer, field: number): Buffer {
  const fields = new FieldReader().open(bytes);
  while (fields.next())
    if (fields.number === field) return bytes.subarray(fields.start, fields.end);
  throw new Error(`no field ${field}`);
}

function number(bytes: Buffer, field: number): number {
  const fields = new FieldReader().open(bytes);
  while (fields.next()) if (fields.number === field) return fields.value;
  throw new Error(`no field ${field}`);
}
