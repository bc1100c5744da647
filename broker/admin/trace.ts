/** The life of a message, for the admin service. */
import type { MessageAdmin } from '#broker/admin/backend';
import type { AdminHandlers } from '#broker/admin/handlers';
import type { MessageTrace, TraceRequest } from '#broker/admin/message-trace';
import { SluiceError } from '#lib/errors';
import type { GetMessageTraceRequest, MessageTraceInput } from '#proto/admin-types';

export function traceHandlers(messages: MessageAdmin): AdminHandlers<'GetMessageTrace'> {
  return {
    async GetMessageTrace(request) {
      return toWire(await messages.trace(requestOf(request)));
    },
  };
}

function requestOf({ topic, messageId, queue, offset }: GetMessageTraceRequest): TraceRequest {
  const isByPlace = queue !== undefined && offset !== undefined;
  if (messageId !== undefined && queue === undefined && offset === undefined) {
    return { topic, message: { id: messageId } };
  }
  if (messageId === undefined && isByPlace) return { topic, message: { queue, offset } };
  throw new SluiceError('BAD_REQUEST', 'give a message id, or a topic, a queue and an offset');
}

function toWire({ origin, complete, ...trace }: MessageTrace): MessageTraceInput {
  return {
    ...trace,
    originTopic: origin?.topic,
    originMessageId: origin?.messageId,
    truncated: !complete,
  };
}
