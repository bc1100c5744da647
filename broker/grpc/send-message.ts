/** SendMessage: decode, admit, append, wait for the disk, answer (wire.md A.7). */
import { SluiceError } from '#lib/errors';
import { OK_STATUS, overallStatus, statusOf } from '#proto/codes';
import type { IPv4Address } from '#proto/message';
import { decodeSendMessage, encodeSendMessageResponse } from '#proto/wire/send-message';
import type { SendMessageView, SendResult } from '#proto/wire/send-message';

import { admit } from '#broker/admit/pipeline';
import type { Produced } from '#broker/produce/produce';
import type { Caller } from '#broker/store/members';
import type { Topic } from '#broker/topic/topics';
import { kindOf, peerAddress, toOutgoing, withoutEmpty } from '#broker/grpc/convert';
import { writableTopic } from '#broker/grpc/resources';
import type { Services, UnaryRpc } from '#broker/grpc/services';

export const sendMessage: UnaryRpc = {
  kind: 'unary',
  async handle(request, call, services) {
    const views = decodeSendMessage(request).map(withoutEmpty);
    const topic = topicOf(views, services);
    services.mode.admitSend();
    services.quota.admitSend(views.length);
    const bornHost = peerAddress(call.peer);
    const only = views.length === 1 ? (views[0] as SendMessageView) : undefined;
    if (only) {
      const once = sendOnce(only, topic, bornHost, call, services);
      const produced = once instanceof Promise ? await once : once;
      await services.producer.whenStored(produced.end);
      const result = stored(only, topic, produced, call, services);
      return encodeSendMessageResponse(OK_STATUS, [result]);
    }
    const results = await Promise.all(
      views.map((view) => produceOne(view, topic, bornHost, call, services)),
    );
    return encodeSendMessageResponse(overallStatus(results), results);
  },
  failure: (status) => encodeSendMessageResponse(status, []),
};

/** All messages of a request go to one topic. */
function topicOf(views: SendMessageView[], services: Services): Topic {
  const first = views[0];
  if (!first) throw new SluiceError('BAD_REQUEST', 'the request has no message');
  const { namespace, name } = first.topic;
  for (const { topic } of views) {
    if (topic.name === name && topic.namespace === namespace) continue;
    throw new SluiceError('MESSAGE_CORRUPTED', 'all messages of a request have the same topic');
  }
  return writableTopic(first.topic, services);
}

async function produceOne(
  view: SendMessageView,
  topic: Topic,
  bornHost: IPv4Address,
  sender: Caller,
  services: Services,
): Promise<SendResult> {
  try {
    const produced = await sendOnce(view, topic, bornHost, sender, services);
    await services.producer.whenStored(produced.end);
    return stored(view, topic, produced, sender, services);
  } catch (error) {
    const { messageId } = view;
    return { ...statusOf(error), messageId, transactionId: '', offset: 0, recallHandle: '' };
  }
}

function produce(
  view: SendMessageView,
  topic: Topic,
  bornHost: IPv4Address,
  sender: Caller,
  services: Services,
): Produced {
  const kind = kindOf(view.messageType);
  if (!kind) {
    throw new SluiceError('NOT_IMPLEMENTED', `message type ${view.messageType} is not served`);
  }
  admit(view, topic, kind);
  const queueId = services.selector.select(topic, kind === 'fifo' ? view.messageGroup : undefined);
  const message = toOutgoing(view, topic, queueId, bornHost, services.members.textOf(sender));
  const { deliveryTimestampMs, orphanedRecoveryMs } = view;
  if (kind === 'transaction') {
    return services.transactions.begin(message, sender.clientId, orphanedRecoveryMs);
  }
  if (deliveryTimestampMs !== undefined) {
    return services.scheduler.schedule(message, deliveryTimestampMs);
  }
  return services.producer.append(message);
}

/** The message as it is sent now, or what became of it when it was sent before. */
function sendOnce(
  view: SendMessageView,
  topic: Topic,
  bornHost: IPv4Address,
  sender: Caller,
  services: Services,
): Produced | Promise<Produced> {
  return services.resent.once(topic, view.messageId, () =>
    produce(view, topic, bornHost, sender, services),
  );
}

/** The message is on the disk: what its sender is told. */
function stored(
  { messageId, body }: SendMessageView,
  topic: Topic,
  { offset, recallHandle = '', transactionId = '', resent }: Produced,
  { clientId }: Caller,
  { sessions, traffic }: Services,
): SendResult {
  if (transactionId !== '') sessions.sends(clientId, topic.name);
  if (!resent) traffic.sent(topic.name, body.length);
  return { ...OK_STATUS, messageId, transactionId, offset, recallHandle };
}
