/** The same message in other bytes, as far as the definition of protobuf allows. */
import { definition } from '#proto/messages';
import { integer } from '#support/random';
import type { Random } from '#support/random';

interface FieldDescriptor {
  name: string;
  number: number;
  label: string;
  type: string;
  typeName: string;
}

interface MessageDescriptor {
  name: string;
  field: FieldDescriptor[];
  nestedType: MessageDescriptor[];
}

/** `content` is the value; of what is delimited, without its length. */
interface Field {
  tag: number;
  content: Buffer;
}

interface PlacedField extends Field {
  /** Where it ends in its message. */
  end: number;
}

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/** In fields far above those in use; the group has a group inside. */
const UNKNOWN = [
  [0x80, 0x7d, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x81, 0x7d, 1, 2, 3, 4, 5, 6, 7, 8],
  [0x82, 0x7d, 3, 0x0a, 0x0a, 0x0a],
  [0x83, 0x7d, 0x0b, 0x08, 0x01, 0x0c, 0x84, 0x7d],
  [0x85, 0x7d, 1, 2, 3, 4],
  // Of a number that is in use, but with a wire type that is not that field's.
  [0x09, 1, 2, 3, 4, 5, 6, 7, 8],
  [0x15, 1, 2, 3, 4],
].map((field) => Buffer.from(field));

/** Varints may be longer than they have to. */
const PADDING_MAX = 2;

const descriptors = new Map<string, MessageDescriptor>();
for (const { format, type } of Object.values(definition)) {
  if (format !== 'Protocol Buffer 3 DescriptorProto') continue;
  const descriptor = type as unknown as MessageDescriptor;
  for (const each of [descriptor, ...descriptor.nestedType]) descriptors.set(each.name, each);
}

export function fieldsOf(bytes: Buffer): PlacedField[] {
  const fields: PlacedField[] = [];
  for (let at = 0; at < bytes.length; at = (fields.at(-1) as PlacedField).end) {
    fields.push(readField(bytes, at));
  }
  return fields;
}

/**
 * Fields in any order, each with values that do not count before it, nested messages in parts, and
 * unknown fields anywhere.
 */
export function rewritten(message: string, bytes: Buffer, random: Random): Buffer {
  const fields = fieldsOf(bytes).flatMap((field) => variants(message, field, random));
  const parts: Buffer[] = [];
  for (const field of shuffled(fields, random)) {
    if (integer(random, 3) === 0) parts.push(UNKNOWN[integer(random, UNKNOWN.length)] as Buffer);
    parts.push(bytesOf(field, random));
  }
  return Buffer.concat(parts);
}

function variants(message: string, field: Field, random: Random): Field[] {
  const number = field.tag >>> 3;
  const known = descriptors.get(message)?.field.find((each) => each.number === number);
  const nested = known && descriptors.get(known.typeName.split('.').at(-1) ?? '');
  if (!known) throw new Error(`${message} has no field ${number}`);
  const repeated = known.label === 'LABEL_REPEATED';
  if (nested && known.type === 'TYPE_MESSAGE') {
    return inParts(field, repeated || isTime(nested), random).map(({ tag, content }) => ({
      tag,
      content: rewritten(nested.name, content, random),
    }));
  }
  if (repeated || integer(random, 3) > 0) return [field];
  const isVarint = (field.tag & 7) === VARINT;
  return [{ tag: field.tag, content: Buffer.from(isVarint ? [1] : 'stale') }, field];
}

/** Their parts are no times by themselves. */
function isTime({ name }: MessageDescriptor): boolean {
  return name === 'Timestamp' || name === 'Duration';
}

function inParts({ tag, content }: Field, whole: boolean, random: Random): Field[] {
  if (whole || integer(random, 2) === 0) return [{ tag, content }];
  const ends = [0, ...fieldsOf(content).map(({ end }) => end)];
  const cut = ends[integer(random, ends.length)] as number;
  return [content.subarray(0, cut), content.subarray(cut)].map((part) => ({ tag, content: part }));
}

/** Those of one number stay in their order. */
function shuffled(fields: readonly Field[], random: Random): Field[] {
  const order = fields
    .map(({ tag }) => ({ tag, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ tag }) => tag);
  const queues = new Map<number, Field[]>();
  for (const field of fields) queues.set(field.tag, [...(queues.get(field.tag) ?? []), field]);
  return order.map((tag) => queues.get(tag)?.shift() as Field);
}

function bytesOf({ tag, content }: Field, random: Random): Buffer {
  const head = varint(tag, random);
  if ((tag & 7) !== DELIMITED) return Buffer.concat([head, content]);
  return Buffer.concat([head, varint(content.length, random), content]);
}

function varint(value: number, random: Random): Buffer {
  const bytes: number[] = [];
  for (let rest = value; rest > 0 || bytes.length === 0; rest >>>= 7) bytes.push(rest & 0x7f);
  for (let i = integer(random, PADDING_MAX + 1); i > 0; i--) bytes.push(0);
  return Buffer.from(bytes.map((byte, i) => (i < bytes.length - 1 ? byte | 0x80 : byte)));
}

function readField(bytes: Buffer, start: number): PlacedField {
  const { value: tag, end: headEnd } = readVarint(bytes, start);
  const wireType = tag & 7;
  let begin = headEnd;
  let end = headEnd;
  if (wireType === VARINT) end = readVarint(bytes, headEnd).end;
  else if (wireType === FIXED64) end += 8;
  else if (wireType === FIXED32) end += 4;
  else {
    const length = readVarint(bytes, headEnd);
    begin = length.end;
    end = begin + length.value;
  }
  return { tag, content: bytes.subarray(begin, end), end };
}

/** Right for tags and lengths; of other numbers only the end is. */
function readVarint(bytes: Buffer, start: number): { value: number; end: number } {
  let value = 0;
  for (let at = start; ; at++) {
    const byte = bytes[at] as number;
    value |= (byte & 0x7f) << (7 * (at - start));
    if (byte < 0x80) return { value, end: at + 1 };
  }
}
