/** AckMessage: messages are done, each by its receipt handle (wire.md A.9). */
import { SluiceError } from '#lib/errors';
import { OK_STATUS, overallStatus, statusOf } from '#proto/codes';
import { decodeAckMessage, encodeAckMessageResponse } from '#proto/wire/ack-message';
import type { AckEntryView, AckResult } from '#proto/wire/ack-message';

import type { Group } from '#broker/topic/groups';
import { existingGroup } from '#broker/grpc/resources';
import type { Services, UnaryRpc } from '#broker/grpc/services';

export const ackMessage: UnaryRpc = {
  kind: 'unary',
  async handle(request, _call, services) {
    const { group: name, entries } = decodeAckMessage(request);
    if (entries.length === 0) throw new SluiceError('BAD_REQUEST', 'the request acks no message');
    const group = existingGroup(name, services);
    const outcomes = entries.map((entry) => settle(entry, group, services));
    const end = Math.max(...outcomes.map((outcome) => outcome.end));
    await services.producer.whenStored(end);
    const results = outcomes.map(({ result }) => result);
    return encodeAckMessageResponse(overallStatus(results), results);
  },
  failure: (status) => encodeAckMessageResponse(status, []),
};

interface Outcome {
  result: AckResult;
  /** The result is true once the log is committed up to here. */
  end: number;
}

function settle(entry: AckEntryView, group: Group, { consumption, traffic }: Services): Outcome {
  const { messageId, receiptHandle } = entry;
  try {
    const end = consumption.acknowledger.ack(group, receiptHandle);
    traffic.acknowledged.add(0);
    return { result: { ...OK_STATUS, messageId, receiptHandle }, end };
  } catch (error) {
    return { result: { ...statusOf(error), messageId, receiptHandle }, end: 0 };
  }
}
