/**
 * ChangeInvisibleDuration: more time for a message, or, from a push consumer, its nack (wire.md
 * A.9).
 */
import { SluiceError } from '#lib/errors';
import { CONSUME } from '#lib/limits';
import { OK_STATUS } from '#proto/codes';
import {
  decodeChangeInvisibleDuration,
  encodeChangeInvisibleDurationResponse,
} from '#proto/wire/change-invisible-duration';

import { CAUSE } from '#broker/consume/progress-records';
import { backoffOf } from '#broker/topic/groups';
import { existingGroup } from '#broker/grpc/resources';
import type { UnaryRpc } from '#broker/grpc/services';

export const changeInvisibleDuration: UnaryRpc = {
  kind: 'unary',
  async handle(request, call, services) {
    const view = decodeChangeInvisibleDuration(request);
    const invisibleMs = view.invisibleDurationMs ?? 0;
    if (invisibleMs < 0 || invisibleMs > CONSUME.invisibleMaxMs) {
      throw new SluiceError(
        'ILLEGAL_INVISIBLE_TIME',
        `an invisible time from 0 to ${CONSUME.invisibleMaxMs} ms is allowed, not ${invisibleMs}`,
      );
    }
    const { consumption, sessions, producer } = services;
    const group = existingGroup(view.group, services);
    const lease = consumption.acknowledger.lease(group, view.receiptHandle);
    const isNack = sessions.find(call.clientId)?.facts.kind === 'push';
    if (isNack && consumption.isLastAttempt(lease)) {
      await consumption.deadLetters.move(lease, 'attempts', call);
      return encodeChangeInvisibleDurationResponse(OK_STATUS, view.receiptHandle);
    }
    // Some clients can't read a list of waits and ask for none: the group's own wait holds then.
    const waitMs = isNack && invisibleMs === 0 ? backoffOf(group, lease.attempt) : invisibleMs;
    const { acknowledger } = consumption;
    const cause = isNack ? CAUSE.postponed : CAUSE.extended;
    const { handle, end } = acknowledger.changeInvisible(
      group,
      view.receiptHandle,
      waitMs,
      cause,
      call,
    );
    await producer.whenStored(end);
    return encodeChangeInvisibleDurationResponse(OK_STATUS, handle);
  },
  failure: (status) => encodeChangeInvisibleDurationResponse(status, ''),
};
