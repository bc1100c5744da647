/**
 * The admin service, sluice.admin.v1: token, decode, handle, encode. It knows the broker only as
 * `AdminBackend`; a failure is a SluiceError, sent as a gRPC status with our code beside it.
 */
import type { AdminBackend } from '#broker/admin/backend';
import { deadLetterHandlers } from '#broker/admin/dead-letters';
import { groupHandlers } from '#broker/admin/groups';
import type { AdminHandlers } from '#broker/admin/handlers';
import { messageHandlers } from '#broker/admin/messages';
import { statusHandlers } from '#broker/admin/status';
import { createTokenCheck, type TokenCheck } from '#broker/admin/token';
import { traceHandlers } from '#broker/admin/trace';
import { topicHandlers } from '#broker/admin/topics';
import { transactionHandlers } from '#broker/admin/transactions';
import { systemClock, type Clock } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import type { Log } from '#lib/log';
import { ADMIN_METHOD_NAMES, ADMIN_SERVICE, adminCodecs, type AdminMethod } from '#proto/admin';
import { failureOf } from '#proto/admin-failure';
import type { Method, Service, UnaryHandler } from '#proto/grpc-transport/call';

export interface AdminServiceOptions {
  /** Undefined lets everybody in who can reach the port. */
  readonly token: string | undefined;
  readonly log: Log;
  readonly clock?: Clock;
}

export function createAdminService(
  backend: AdminBackend,
  { token, log, clock = systemClock }: AdminServiceOptions,
): Service {
  const check = createTokenCheck(token);
  const handlers: AdminHandlers = {
    ...topicHandlers(backend.topics),
    ...groupHandlers(backend.groups),
    ...messageHandlers(backend.messages, clock),
    ...transactionHandlers(backend.transactions),
    ...deadLetterHandlers(backend.deadLetters),
    ...traceHandlers(backend.messages),
    ...statusHandlers(backend),
  };
  const methods: Record<string, Method> = {};
  for (const name of ADMIN_METHOD_NAMES) {
    methods[name] = { kind: 'unary', handle: unary(name, handlers, { check, log }) };
  }
  return { name: ADMIN_SERVICE, methods };
}

interface Surroundings {
  readonly check: TokenCheck;
  readonly log: Log;
}

function unary<M extends AdminMethod>(
  name: M,
  handlers: AdminHandlers<M>,
  { check, log }: Surroundings,
): UnaryHandler {
  const { request, answer } = adminCodecs(name);
  const handler = handlers[name];
  return async (bytes, call) => {
    try {
      check(call);
      return answer.encode(await handler(request.decode(bytes), call));
    } catch (foreign) {
      const error = SluiceError.from(foreign);
      if (error.code === 'INTERNAL_ERROR') {
        log.error({ error, method: name, peer: call.peer }, 'an admin call failed');
      }
      throw failureOf(error);
    }
  };
}
