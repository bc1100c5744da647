/**
 * The admin service of RocketMQ 5, apache.rocketmq.v2.Admin, for tools and consoles that know the
 * public protocol: token, decode, handle, encode. What a call refuses is a status in its own answer
 * (wire.md A.2); who lacks the token gets none, but a gRPC status, as of everything on this port.
 */
import { SluiceError } from '#lib/errors';
import { OK_STATUS, statusOf } from '#proto/codes';
import { failureOf } from '#proto/admin-failure';
import type { Call, Method, Service } from '#proto/grpc-transport/call';
import { ROCKETMQ_ADMIN_SERVICE, codec } from '#proto/messages';

import { createTokenCheck, type TokenCheck } from '#broker/admin/token';
import { ROCKETMQ_ADMIN } from '#broker/rocketmq-admin/board';
import type { Board, Handlers, RocketmqAdminMethod } from '#broker/rocketmq-admin/board';
import { clientHandlers } from '#broker/rocketmq-admin/clients';
import { groupHandlers } from '#broker/rocketmq-admin/groups';
import { messageHandlers } from '#broker/rocketmq-admin/messages';
import { questionHandlers } from '#broker/rocketmq-admin/questions';
import { serverHandlers } from '#broker/rocketmq-admin/server';
import { subscriptionHandlers } from '#broker/rocketmq-admin/subscriptions';
import { topicHandlers } from '#broker/rocketmq-admin/topics';

/** Its answer has no place for a status. */
const WITHOUT_STATUS: RocketmqAdminMethod = 'ChangeLogLevel';

export function createRocketmqAdminService(board: Board, token: string | undefined): Service {
  const check = createTokenCheck(token);
  const handlers: Handlers = {
    ...serverHandlers(board),
    ...topicHandlers(board),
    ...clientHandlers(board),
    ...subscriptionHandlers(board),
    ...groupHandlers(board),
    ...messageHandlers(board),
    ...questionHandlers(board),
  };
  const methods: Record<string, Method> = {};
  for (const name of Object.keys(ROCKETMQ_ADMIN) as RocketmqAdminMethod[]) {
    methods[name] = { kind: 'unary', handle: unary(name, handlers, check, board) };
  }
  return { name: ROCKETMQ_ADMIN_SERVICE, methods };
}

function unary<M extends RocketmqAdminMethod>(
  name: M,
  handlers: Handlers<M>,
  check: TokenCheck,
  { log }: Board,
) {
  const [requestName, answerName] = ROCKETMQ_ADMIN[name];
  const request = codec<(typeof ROCKETMQ_ADMIN)[M][0]>(requestName);
  const answer = codec<(typeof ROCKETMQ_ADMIN)[M][1]>(answerName);
  const handler = handlers[name];
  return async (bytes: Buffer, call: Call): Promise<Buffer> => {
    try {
      check(call);
    } catch (refusal) {
      throw failureOf(SluiceError.from(refusal));
    }
    try {
      return answer.encode({ status: OK_STATUS, ...(await handler(request.decode(bytes), call)) });
    } catch (foreign) {
      const error = SluiceError.from(foreign);
      if (error.code === 'INTERNAL_ERROR') {
        log.error({ error, method: name, peer: call.peer }, 'an admin call failed');
      }
      if (name === WITHOUT_STATUS) throw failureOf(error);
      return answer.encode({ status: statusOf(error) });
    }
  };
}
