/** Resource { resource_namespace 1, name 2 }: the name of a topic or a group. wire.md A.1 */
import type { WireReader } from '#proto/wire/reader';
import { plainStringBytes } from '#proto/wire/writer';
import type { WireWriter } from '#proto/wire/writer';

export interface ResourceName {
  /** Empty when there is none; absent and empty are the same to every client. wire.md F.13 */
  readonly namespace: string;
  readonly name: string;
}

/** What a field that was not sent stands for. */
export const NO_RESOURCE: ResourceName = { namespace: '', name: '' };

export function readResource(reader: WireReader): ResourceName {
  let namespace = '';
  let name = '';
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 0x0a) namespace = reader.name();
    else if (tag === 0x12) name = reader.name();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { namespace, name };
}

export function resourceBytes(resource: ResourceName): number {
  return plainStringBytes(1, resource.namespace) + plainStringBytes(2, resource.name);
}

/** The content; tag and length are the caller's. */
export function writeResource(writer: WireWriter, resource: ResourceName): void {
  writer.plainString(1, resource.namespace);
  writer.plainString(2, resource.name);
}
