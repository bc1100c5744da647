/** The wire tags of a .proto's messages as TypeScript text, for the codecs that are written out. */
import { loadProtocol } from '#proto/load';

interface FieldDescriptor {
  name: string;
  number: number;
  label: string;
  type: string;
}

interface MessageDescriptor {
  name: string;
  field: FieldDescriptor[];
  nestedType: MessageDescriptor[];
}

const VARINT = 0;
const DELIMITED = 2;

const WIRE_TYPES: Readonly<Record<string, number>> = {
  TYPE_INT32: VARINT,
  TYPE_INT64: VARINT,
  TYPE_BOOL: VARINT,
  TYPE_ENUM: VARINT,
  TYPE_STRING: DELIMITED,
  TYPE_BYTES: DELIMITED,
  TYPE_MESSAGE: DELIMITED,
};

/** `proto` is a path from the top of the project; `messages` are names without their package. */
export function fieldsOf(proto: string, packageName: string, messages: readonly string[]): string {
  const file = new URL(`../${proto}`, import.meta.url);
  const { definition } = loadProtocol<Record<string, never>>(file, packageName);
  const known = new Map<string, MessageDescriptor>();
  for (const { format, type } of Object.values(definition)) {
    if (format !== 'Protocol Buffer 3 DescriptorProto') continue;
    const descriptor = type as unknown as MessageDescriptor;
    known.set(descriptor.name, descriptor);
    // The entries of maps are messages inside of the message that has the map.
    for (const nested of descriptor.nestedType) known.set(nested.name, nested);
  }
  const tables = messages.map((name) => {
    const descriptor = known.get(name);
    if (!descriptor) throw new Error(`${proto} has no message ${name}`);
    return tableText(descriptor);
  });
  return [head(proto), ...tables].join('\n\n');
}

function head(proto: string): string {
  return `/**
 * Generated from ${proto} by scripts/generate-fields.ts; don't edit.
 *
 * Of each message that a codec of this folder reads or writes: its fields as they are announced on
 * the wire, \`field number << 3 | wire type\`.
 */`;
}

function tableText({ name, field }: MessageDescriptor): string {
  const lines = field.map((each) => `${each.name}: 0x${tagOf(each).toString(16)},`);
  return `export const ${constantName(name)} = {\n${lines.join('\n')}\n} as const;`;
}

function tagOf({ name, number, label, type }: FieldDescriptor): number {
  const wireType = WIRE_TYPES[type];
  if (wireType === undefined) throw new Error(`${name} has type ${type}, unknown here so far`);
  // Numbers of a repeated field come packed into one.
  return (number << 3) | (label === 'LABEL_REPEATED' ? DELIMITED : wireType);
}

/** `SendMessageRequest` is SEND_MESSAGE_REQUEST. */
function constantName(message: string): string {
  return message.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
}
