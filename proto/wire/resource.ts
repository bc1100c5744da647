/** Resource: the name of a topic or a group. wire.md A.1 */
import { RESOURCE } from '#proto/wire/fields';
import type { WireReader } from '#proto/wire/reader';
import type { WireWriter } from '#proto/wire/writer';

export interface ResourceName {
  /** Empty when there is none; absent and empty are the same to every client. wire.md F.13 */
  readonly namespace: string;
  readonly name: string;
}

/** What a field that was not sent stands for. */
export const NO_RESOURCE: ResourceName = { namespace: '', name: '' };

/** `before` is what the field held so far: parts of one message may come one by one. */
export function readResource(reader: WireReader, before: ResourceName): ResourceName {
  let { namespace, name } = before;
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === RESOURCE.resourceNamespace) namespace = reader.name();
    else if (tag === RESOURCE.name) name = reader.name();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { namespace, name };
}

export function writeResource(
  writer: WireWriter,
  tag: number,
  { namespace, name }: ResourceName,
): void {
  const before = writer.written;
  writer.plainString(RESOURCE.name, name);
  writer.plainString(RESOURCE.resourceNamespace, namespace);
  writer.message(tag, before);
}
