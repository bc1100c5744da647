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
    const results = await Promise.all(entries.map((entry) => ackOne(entry, group, services)));
    return encodeAckMessageResponse(overallStatus(results), results);
  },
  failure: (status) => encodeAckMessageResponse(status, []),
};

async function ackOne(entry: AckEntryView, group: Group, services: Services): Promise<AckResult> {
  const { messageId, receiptHandle } = entry;
  try {
    const { acknowledger } = services.consumption;
    await services.producer.whenStored(acknowledger.ack(group, receiptHandle));
    services.traffic.acknowledged.add(0);
    return { ...OK_STATUS, messageId, receiptHandle };
  } catch (error) {
    return { ...statusOf(error), messageId, receiptHandle };
  }
}
