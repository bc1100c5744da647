/** PullMessage: messages from an offset that the consumer keeps itself (wire.md A.1). */
import { CONSUME } from '#lib/limits';
import { SluiceError } from '#lib/errors';
import { OK_STATUS } from '#proto/codes';
import { codec } from '#proto/messages';
import { encodeReceiveMessage } from '#proto/wire/receive-message';

import { toDelivered } from '#broker/grpc/convert';
import { parseFilter } from '#broker/grpc/receive-message';
import { pullGroup, readableTopic, resourceName } from '#broker/grpc/resources';
import type { ServerStreamRpc } from '#broker/grpc/services';

const request = codec('PullMessageRequest');
const response = codec('PullMessageResponse');

export const pullMessage: ServerStreamRpc = {
  kind: 'server-stream',
  async handle(bytes, call, out, services) {
    const view = request.decode(bytes);
    const { messageQueue, filterExpression, longPollingTimeout, offset } = view;
    if (!messageQueue) throw new SluiceError('BAD_REQUEST', 'the request names no message queue');
    const topic = readableTopic(resourceName(messageQueue.topic), services);
    const filter = parseFilter(filterExpression ?? { type: 0, expression: '' });
    const group = await pullGroup(resourceName(view.group), services);
    if (group.broadcast) services.consumption.broadcast.members.seen(group.id, call.clientId);
    const batchSize = Math.min(Math.max(1, view.batchSize), CONSUME.receiveBatchMax);
    const { consumption, traffic, clock, quota: meter } = services;
    const { seconds, nanos } = longPollingTimeout ?? { seconds: 0, nanos: 0 };
    const wantedMs = seconds * 1000 + nanos / 1e6;
    const latestMs = call.deadlineMs - clock.nowMs() - CONSUME.pollingMarginMs;
    const waitMs = Math.max(0, Math.min(wantedMs, latestMs, CONSUME.pollingMaxMs));
    const queueId = messageQueue.id;
    const pullRequest = { group, topic, queueId, offset, batchSize, filter, meter };
    const { messages, nextOffset } = await consumption.pull.pull(pullRequest, waitMs, call);
    out.write(response.encode({ status: OK_STATUS }));
    for (const { message, properties } of messages) {
      if (call.cancelled) return;
      const written = out.write(encodeReceiveMessage(toDelivered(message, properties, {})));
      traffic.delivered(group.name, topic.name, message.bodyBytes);
      if (!written) await out.drained();
    }
    out.write(response.encode({ nextOffset }));
  },
  failure: (status) => [response.encode({ status })],
};
