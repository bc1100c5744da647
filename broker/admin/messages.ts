/** Message calls of the admin service: a message by hand, for trying out and looking up. */
import type { MessageAdmin, MessagePage, StoredMessage } from '#broker/admin/backend';
import type { AdminHandlers } from '#broker/admin/handlers';
import type { Clock } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import { ADMIN, CONSUME } from '#lib/limits';
import { QUERY } from '#lib/query-limits';
import type {
  GetMessageRequest,
  MessageInput,
  MessagePageInput,
  ReceiveMessagesRequest,
} from '#proto/admin-types';
import type { Call } from '#proto/grpc-transport/call';

type MessageMethod =
  | 'SendMessage'
  | 'RecallMessage'
  | 'ReceiveMessages'
  | 'GetMessage'
  | 'FindMessages'
  | 'ListMessages';

export function messageHandlers(
  messages: MessageAdmin,
  clock: Clock,
): AdminHandlers<MessageMethod> {
  return {
    SendMessage(request, call) {
      return messages.send({
        topic: request.topic,
        tag: request.tag,
        keys: request.keys,
        properties: new Map(Object.entries(request.properties)),
        body: request.body,
        messageGroup: request.messageGroup,
        deliverAtMs: request.deliverAtMs,
        peer: call.peer,
      });
    },
    async RecallMessage({ topic, recallHandle }) {
      return { messageId: await messages.recall(topic, recallHandle) };
    },
    async ReceiveMessages(request, call) {
      checkReceive(request);
      const received = await messages.receive({
        group: request.group,
        topic: request.topic,
        filter: request.filter === '' && !request.sql ? '*' : request.filter,
        isSql: request.sql,
        count: request.count === 0 ? 1 : request.count,
        waitMs: Math.min(request.waitMs, waitableMs(call, clock)),
        invisibleMs:
          request.invisibleMs === 0 ? ADMIN.receiveInvisibleDefaultMs : request.invisibleMs,
        ack: request.ack,
        signal: cancelSignal(call),
      });
      return { messages: received.map(messageToWire) };
    },
    async GetMessage(request) {
      return messageToWire(await find(messages, request));
    },
    async FindMessages(request) {
      const { topic, key, pageToken } = request;
      if (key === '') throw new SluiceError('BAD_REQUEST', 'give the key to look for');
      return pageToWire(await messages.find({ topic, key, pageToken, ...boundsOf(request) }));
    },
    async ListMessages(request) {
      const { topic, queue, offset, newestFirst, pageToken } = request;
      if (offset !== undefined && queue === undefined) {
        throw new SluiceError('BAD_REQUEST', 'an offset is one of a queue: say which');
      }
      const place = { topic, queue, offset, newestFirst, pageToken };
      return pageToWire(await messages.list({ ...place, ...boundsOf(request) }));
    },
  };
}

interface Bounds {
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly pageSize: number;
}

function boundsOf({ sinceMs, untilMs, pageSize }: Bounds) {
  const size = pageSize === 0 ? QUERY.pageDefault : pageSize;
  checkRange('BAD_REQUEST', 'page size', size, 1, ADMIN.pageMax);
  return { sinceMs, untilMs, pageSize: size };
}

function pageToWire({ messages, ...page }: MessagePage): MessagePageInput {
  return { messages: messages.map(messageToWire), ...page };
}

function find(messages: MessageAdmin, request: GetMessageRequest): Promise<StoredMessage> {
  const { topic, messageId, queue, offset } = request;
  const isByOffset = queue !== undefined && offset !== undefined;
  if (messageId !== undefined && queue === undefined && offset === undefined) {
    return messages.getById(topic, messageId);
  }
  if (messageId === undefined && isByOffset) return messages.getByOffset(topic, queue, offset);
  throw new SluiceError('BAD_REQUEST', 'give a message id, or a queue and an offset');
}

function checkReceive({ count, waitMs, invisibleMs }: ReceiveMessagesRequest): void {
  checkRange('BAD_REQUEST', 'count', count === 0 ? 1 : count, 1, ADMIN.receiveMax);
  checkRange('ILLEGAL_POLLING_TIME', 'wait in ms', waitMs, 0, ADMIN.receiveWaitMaxMs);
  if (invisibleMs === 0) return;
  const { invisibleMinMs, invisibleMaxMs } = CONSUME;
  checkRange(
    'ILLEGAL_INVISIBLE_TIME',
    'invisible time in ms',
    invisibleMs,
    invisibleMinMs,
    invisibleMaxMs,
  );
}

function checkRange(
  code: 'BAD_REQUEST' | 'ILLEGAL_POLLING_TIME' | 'ILLEGAL_INVISIBLE_TIME',
  what: string,
  value: number,
  min: number,
  max: number,
): void {
  if (value >= min && value <= max) return;
  throw new SluiceError(code, `${what} must be from ${min} to ${max}, not ${value}`);
}

/** The answer has to be there before the caller gives up. */
function waitableMs({ deadlineMs }: Call, clock: Clock): number {
  return Math.max(0, deadlineMs - clock.nowMs() - CONSUME.pollingMarginMs);
}

function cancelSignal(call: Call): AbortSignal {
  const controller = new AbortController();
  call.onCancel(() => controller.abort());
  return controller.signal;
}

export function messageToWire(message: StoredMessage): MessageInput {
  return { ...message, properties: Object.fromEntries(message.properties) };
}
