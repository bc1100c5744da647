/** AckMessage: messages are done, each by its receipt handle (wire.md A.9). */
import { SluiceError } from '#lib/errors';
import { OK_STATUS, overallStatus, statusOf } from '#proto/codes';
import { decodeAckMessage, encodeAckMessageResponse } from '#proto/wire/ack-message';
import type { AckEntryView, AckResult } from '#proto/wire/ack-message';

import type { Caller } from '#broker/store/members';
import type { Group } from '#broker/topic/groups';
import { existingGroup } from '#broker/grpc/resources';
import type { Services, UnaryRpc } from '#broker/grpc/services';

export const ackMessage: UnaryRpc = {
  kind: 'unary',
  async handle(request, call, services) {
    const { group: name, entries } = decodeAckMessage(request);
    if (entries.length === 0) throw new SluiceError('BAD_REQUEST', 'the request acks no message');
    const group = existingGroup(name, services);
    const results: AckResult[] = [];
    let end = 0;
    for (const entry of entries) end = Math.max(end, settle(entry, group, call, services, results));
    await services.producer.whenStored(end);
    return encodeAckMessageResponse(overallStatus(results), results);
  },
  failure: (status) => encodeAckMessageResponse(status, []),
};

/** Adds the result, which is true once the log is committed up to the returned position. */
function settle(
  { messageId, receiptHandle }: AckEntryView,
  group: Group,
  caller: Caller,
  { consumption, traffic }: Services,
  results: AckResult[],
): number {
  try {
    const end = consumption.acknowledger.ack(group, receiptHandle.toString(), caller);
    traffic.acknowledged.add(0);
    results.push({ ...OK_STATUS, messageId, receiptHandle });
    return end;
  } catch (error) {
    results.push({ ...statusOf(error), messageId, receiptHandle });
    return 0;
  }
}
