/** The types of one .proto as TypeScript text, read from what @grpc/proto-loader makes of it. */
import type { MessageTypeDefinition } from '@grpc/proto-loader';
import { loadProtocol } from '#proto/load';

interface FieldDescriptor {
  name: string;
  label: string;
  type: string;
  typeName: string;
  oneofIndex: number;
}

interface EnumDescriptor {
  name: string;
  value: { name: string; number: number }[];
}

interface MessageDescriptor {
  name: string;
  field: FieldDescriptor[];
  nestedType: MessageDescriptor[];
  enumType: EnumDescriptor[];
  oneofDecl: { name: string }[];
  options: { mapEntry: boolean } | null;
}

type Message = MessageTypeDefinition<object, Record<string, unknown>>;

const SCALARS: Readonly<Record<string, string>> = {
  TYPE_STRING: 'string',
  TYPE_BOOL: 'boolean',
  TYPE_INT32: 'number',
  TYPE_INT64: 'number',
  TYPE_UINT32: 'number',
  TYPE_UINT64: 'number',
  TYPE_FLOAT: 'number',
  TYPE_DOUBLE: 'number',
  TYPE_ENUM: 'number',
  TYPE_BYTES: 'Buffer',
};

/** `proto` is a path from the top of the project. */
export function typesOf(proto: string, packageName: string): string {
  const file = new URL(`../${proto}`, import.meta.url);
  const { definition } = loadProtocol<Record<string, never>>(file, packageName);
  const enums: string[] = [];
  const messages: string[] = [];
  const names: string[] = [];
  for (const [fullName, entry] of Object.entries(definition)) {
    const format = entry['format'];
    if (format === 'Protocol Buffer 3 EnumDescriptorProto') {
      enums.push(enumText(entry['type'] as unknown as EnumDescriptor));
    } else if (format === 'Protocol Buffer 3 DescriptorProto') {
      const message = entry as Message;
      const descriptor = message.type as MessageDescriptor;
      enums.push(...descriptor.enumType.map((nested) => enumText(nested, descriptor.name)));
      messages.push(messageText(message, descriptor));
      if (fullName.startsWith(`${packageName}.`)) names.push(descriptor.name);
    }
  }
  return [head(proto), ...enums, ...messages, mapText(names)].join('\n\n');
}

function head(proto: string): string {
  return `/**
 * Generated from ${proto} by scripts/generate-types.ts; don't edit.
 *
 * Of each message the first interface is what decode returns, complete; the one that ends in Input
 * is what encode takes, where everything may be left out. Enums are open: a peer may send a number
 * that is not listed, so their type is number.
 */`;
}

function enumText(descriptor: EnumDescriptor, prefix = ''): string {
  const values = descriptor.value.map(({ name, number }) => `${name}: ${number},`).join('\n');
  return `export const ${prefix}${descriptor.name} = {\n${values}\n} as const;`;
}

function messageText(message: Message, descriptor: MessageDescriptor): string {
  // What an empty message decodes to tells which fields have presence; of those, and only of
  // those, the descriptor's oneofIndex says anything.
  const defaults = message.deserialize(Buffer.alloc(0));
  const decoded: string[] = [];
  const input: string[] = [];
  const oneofs = new Map<string, string[]>();
  for (const field of descriptor.field) {
    const hasPresence = !(field.name in defaults);
    const note = field.type === 'TYPE_ENUM' ? `/** ${enumName(field, descriptor)} */\n` : '';
    const mark = hasPresence ? '?' : '';
    decoded.push(`${note}${field.name}${mark}: ${decodedType(field, descriptor, hasPresence)};`);
    input.push(`${note}${field.name}?: ${inputType(field, descriptor)} | null | undefined;`);
    if (!hasPresence) continue;
    const oneof = descriptor.oneofDecl[field.oneofIndex]?.name ?? '';
    oneofs.set(oneof, [...(oneofs.get(oneof) ?? []), field.name]);
  }
  for (const [oneof, members] of oneofs) {
    if (oneof.startsWith('_')) continue; // a single optional field, which says it by itself
    const names = members.map((name) => `'${name}'`).join(' | ');
    decoded.push(`/** Which of its members is set. */\n${oneof}?: ${names};`);
  }
  const { name } = descriptor;
  return [interfaceText(name, decoded), interfaceText(`${name}Input`, input)].join('\n\n');
}

function interfaceText(name: string, lines: readonly string[]): string {
  return `export interface ${name} {\n${lines.join('\n')}\n}`;
}

function decodedType(
  field: FieldDescriptor,
  owner: MessageDescriptor,
  hasPresence: boolean,
): string {
  const map = mapEntry(field, owner);
  if (map) return `Record<string, ${decodedScalarOrName(map)}>`;
  const one = decodedScalarOrName(field);
  if (field.label === 'LABEL_REPEATED') return `${one}[]`;
  return field.type === 'TYPE_MESSAGE' && !hasPresence ? `${one} | null` : one;
}

function inputType(field: FieldDescriptor, owner: MessageDescriptor): string {
  const map = mapEntry(field, owner);
  if (map) return `Readonly<Record<string, ${inputScalarOrName(map)}>>`;
  const one = inputScalarOrName(field);
  return field.label === 'LABEL_REPEATED' ? `readonly ${one}[]` : one;
}

function decodedScalarOrName(field: FieldDescriptor): string {
  return field.type === 'TYPE_MESSAGE' ? lastPart(field.typeName) : scalar(field);
}

function inputScalarOrName(field: FieldDescriptor): string {
  if (field.type === 'TYPE_BYTES') return 'Uint8Array';
  return field.type === 'TYPE_MESSAGE' ? `${lastPart(field.typeName)}Input` : scalar(field);
}

function scalar(field: FieldDescriptor): string {
  const type = SCALARS[field.type];
  if (!type) throw new Error(`${field.name} has type ${field.type}, which has no type here yet`);
  return type;
}

/** The value field of a map, whose entries are a nested message; keys are always strings here. */
function mapEntry(field: FieldDescriptor, owner: MessageDescriptor): FieldDescriptor | undefined {
  const entry = owner.nestedType.find(({ name }) => name === lastPart(field.typeName));
  return entry?.options?.mapEntry ? entry.field.find(({ name }) => name === 'value') : undefined;
}

function enumName(field: FieldDescriptor, owner: MessageDescriptor): string {
  const name = lastPart(field.typeName);
  return owner.enumType.some((nested) => nested.name === name) ? `${owner.name}${name}` : name;
}

function lastPart(typeName: string): string {
  return typeName.slice(typeName.lastIndexOf('.') + 1);
}

function mapText(names: readonly string[]): string {
  const lines = names.map((name) => `${name}: { decoded: ${name}; input: ${name}Input };`);
  return `/** Every message of the package by its name. */\n${interfaceText('Messages', lines)}\n`;
}
