/** ReceiveMessage: a lease on the next messages, or a wait for them (wire.md A.8). */
import { SluiceError } from '#lib/errors';
import { CONSUME, SESSION } from '#lib/limits';
import { Code } from '#proto/codes';
import type { Call, Outgoing } from '#proto/grpc-transport/call';
import { FilterType } from '#proto/types';
import {
  decodeReceiveMessage,
  encodeReceiveDeliveryTimestamp,
  encodeReceiveMessage,
  encodeReceiveStatus,
} from '#proto/wire/receive-message';
import type { FilterView, ReceiveMessageView } from '#proto/wire/receive-message';

import { SqlFilter } from '#broker/consume/filter-sql';
import { TagFilter } from '#broker/consume/filter-tag';
import type { MessageFilter } from '#broker/consume/message-filter';
import { ANY_QUEUE } from '#broker/consume/polls';
import type { Delivery } from '#broker/consume/pop';
import type { PopRequest } from '#broker/consume/pop-request';
import { assertShared } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import { toDelivered } from '#broker/grpc/convert';
import { consumerGroup, readableTopic } from '#broker/grpc/resources';
import type { ServerStreamRpc, Services } from '#broker/grpc/services';

export const receiveMessage: ServerStreamRpc = {
  kind: 'server-stream',
  async handle(request, call, out, services) {
    const view = decodeReceiveMessage(request);
    const waitMs = pollingTime(view, call, services);
    const popRequest = await toPopRequest(view, call, services);
    const deliveries = await services.consumption.pop.receive(popRequest, waitMs, call);
    if (deliveries.length === 0) {
      out.write(encodeReceiveStatus(Code.MESSAGE_NOT_FOUND, 'no message came in time'));
    } else {
      await writeAll(deliveries, popRequest, call, out, services);
    }
    out.write(encodeReceiveDeliveryTimestamp(services.clock.nowMs()));
  },
  failure: ({ code, message }) => [
    encodeReceiveStatus(code, message),
    encodeReceiveDeliveryTimestamp(Date.now()),
  ],
};

async function toPopRequest(
  view: ReceiveMessageView,
  call: Call,
  services: Services,
): Promise<PopRequest> {
  const topic = readableTopic(view.messageQueue.topic, services);
  const filter = parseFilter(view.filter);
  const invisibleMs = invisibleTime(view);
  const group = await consumerGroup(view.group, services);
  assertShared(group);
  const isPush = services.sessions.find(call.clientId)?.facts.kind === 'push';
  const queueId = queueOf(topic, group.ordered && isPush, view.messageQueue.id);
  const batchSize = Math.min(Math.max(1, view.batchSize), CONSUME.receiveBatchMax);
  const renewFor = view.autoRenew ? call.clientId : undefined;
  const { quota: meter } = services;
  const attemptId = attemptOf(view);
  const given = { group, topic, queueId, filter, batchSize, invisibleMs, renewFor };
  return { ...given, attemptId, caller: call, meter };
}

/** @throws SluiceError ILLEGAL_FILTER_EXPRESSION */
export function parseFilter({ type, expression }: FilterView): MessageFilter {
  return type === FilterType.SQL ? SqlFilter.parse(expression) : TagFilter.parse(expression);
}

/**
 * Members of a group share all queues, whichever they name: some clients only ever name the first.
 * Only push consumers of an ordered group are told of all queues, and poll each (wire.md A.6).
 */
function queueOf(topic: Topic, isNamed: boolean, queueId: number): number {
  if (queueId !== ANY_QUEUE && !topic.queues[queueId]) {
    const last = topic.queues.length - 1;
    throw new SluiceError(
      'BAD_REQUEST',
      `${topic.name} has the queues 0 to ${last}, not ${queueId}`,
    );
  }
  return isNamed ? queueId : ANY_QUEUE;
}

function attemptOf({ attemptId }: ReceiveMessageView): string | undefined {
  if (!attemptId) return undefined;
  if (Buffer.byteLength(attemptId) <= CONSUME.attemptIdBytesMax) return attemptId;
  throw new SluiceError(
    'BAD_REQUEST',
    `an attempt id has at most ${CONSUME.attemptIdBytesMax} bytes`,
  );
}

function invisibleTime({ autoRenew, invisibleDurationMs }: ReceiveMessageView): number {
  if (autoRenew) return CONSUME.autoRenewSliceMs;
  const { invisibleMinMs, invisibleMaxMs } = CONSUME;
  const ms = invisibleDurationMs ?? 0;
  if (ms >= invisibleMinMs && ms <= invisibleMaxMs) return ms;
  throw new SluiceError(
    'ILLEGAL_INVISIBLE_TIME',
    `an invisible time from ${invisibleMinMs} to ${invisibleMaxMs} ms is allowed, not ${ms}`,
  );
}

/** How long to wait; the answer must be out before the client's deadline. */
function pollingTime(view: ReceiveMessageView, call: Call, { clock }: Services): number {
  const remainingMs = call.deadlineMs - clock.nowMs();
  const wantedMs = view.longPollingTimeoutMs ?? remainingMs - SESSION.requestTimeoutMs / 2;
  if (wantedMs > remainingMs && remainingMs < CONSUME.pollingMinMs) {
    throw new SluiceError(
      'ILLEGAL_POLLING_TIME',
      `a wait of ${wantedMs} ms does not fit in the ${remainingMs} ms before the deadline`,
    );
  }
  const latestMs = remainingMs - CONSUME.pollingMarginMs;
  return Math.max(0, Math.min(wantedMs, latestMs, CONSUME.pollingMaxMs));
}

async function writeAll(
  deliveries: Delivery[],
  { group, topic, invisibleMs }: PopRequest,
  call: Call,
  out: Outgoing,
  services: Services,
): Promise<void> {
  const { consumption, traffic } = services;
  out.write(encodeReceiveStatus(Code.OK, 'OK'));
  for (const [i, { message, properties, lease }] of deliveries.entries()) {
    if (call.cancelled) return consumption.pop.giveBack(deliveries.slice(i));
    const { groupId, topicId, queueId } = lease.progress;
    const { offset, sequence, attempt } = lease;
    const receipt = { groupId, topicId, queueId, offset, sequence };
    const receiptHandle = consumption.receipts.sign(receipt);
    const facts = { receiptHandle, deliveryAttempt: attempt, invisibleDurationMs: invisibleMs };
    const written = out.write(encodeReceiveMessage(toDelivered(message, properties, facts)));
    traffic.delivered(group.name, topic.name, message.bodyBytes);
    if (!written) await out.drained();
  }
}
