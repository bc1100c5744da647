/** Messages as the command line prints them. */
import { timeText } from '#cli/output';
import { facts, printable, type Cell } from '#cli/table';
import type { Message } from '#proto/admin-types';

/** The body as text when it is UTF-8, else as base64. */
export function messageData(message: Message): object {
  const { messageId, topic, queue, offset, tag, keys, properties, messageGroup } = message;
  const { deliverAtMs, attempt, bornHost, bornMs, storedMs } = message;
  const head = { messageId, topic, queue, offset, tag, keys, properties, messageGroup };
  const text = utf8(message.body);
  const body =
    text === undefined ? { bodyBase64: message.body.toString('base64') } : { body: text };
  return { ...head, deliverAtMs, attempt, bornHost, bornMs, storedMs, ...body };
}

export function messageText(message: Message): string {
  const optional: readonly (readonly [string, Cell])[] = [
    ['Tag', message.tag],
    ['Keys', message.keys.join(' ')],
    ['Message group', message.messageGroup],
    ['Deliver at', timeText(message.deliverAtMs)],
    ['Attempt', message.attempt === 0 ? undefined : message.attempt],
    ['Properties', propertiesText(message)],
  ];
  const head = facts([
    ['Message', message.messageId],
    ['Topic', message.topic],
    ['Queue, offset', `${message.queue}, ${message.offset}`],
    ...optional.filter(([, value]) => value !== undefined && value !== ''),
    ['Born', `${timeText(message.bornMs)} ${message.bornHost}`.trim()],
    ['Stored', timeText(message.storedMs)],
    ['Body', `${message.body.length} bytes`],
  ]);
  return `${head}\n${bodyText(message.body)}\n`;
}

function propertiesText({ properties }: Message): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function bodyText(body: Buffer): string {
  const text = utf8(body);
  if (text === undefined) return '(not text; --raw or -o json give all of it)';
  return text.split('\n').map(printable).join('\n');
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text that the bytes are; undefined when they are none. */
export function utf8(body: Buffer): string | undefined {
  try {
    return decoder.decode(body);
  } catch {
    return undefined; // not UTF-8: that is the answer, not a failure
  }
}
