/** The gRPC door: every method of the MessagingService, by its name, to the file that serves it. */
import { SluiceError } from '#lib/errors';
import { statusOf } from '#proto/codes';
import type { Call, Method, Service } from '#proto/grpc-transport/call';
import { MESSAGING_METHODS, MESSAGING_SERVICE, codec } from '#proto/messages';
import type { MessageName } from '#proto/messages';

import { ackMessage } from '#broker/grpc/ack-message';
import { changeInvisibleDuration } from '#broker/grpc/change-invisible-duration';
import { endTransaction } from '#broker/grpc/end-transaction';
import { forwardMessageToDeadLetterQueue } from '#broker/grpc/forward-to-dead-letters';
import { heartbeat } from '#broker/grpc/heartbeat';
import { notifyClientTermination } from '#broker/grpc/notify-client-termination';
import { getOffset, queryOffset, updateOffset } from '#broker/grpc/offsets';
import { pullMessage } from '#broker/grpc/pull-message';
import { queryAssignment } from '#broker/grpc/query-assignment';
import { queryRoute } from '#broker/grpc/query-route';
import { recallMessage } from '#broker/grpc/recall-message';
import { receiveMessage } from '#broker/grpc/receive-message';
import { sendMessage } from '#broker/grpc/send-message';
import type { Rpc, ServerStreamRpc, Services, UnaryRpc } from '#broker/grpc/services';
import { telemetry } from '#broker/grpc/telemetry';

const RPCS: Readonly<Record<string, Rpc>> = {
  QueryRoute: queryRoute,
  QueryAssignment: queryAssignment,
  Heartbeat: heartbeat,
  Telemetry: telemetry,
  NotifyClientTermination: notifyClientTermination,
  SendMessage: sendMessage,
  RecallMessage: recallMessage,
  ReceiveMessage: receiveMessage,
  AckMessage: ackMessage,
  ChangeInvisibleDuration: changeInvisibleDuration,
  ForwardMessageToDeadLetterQueue: forwardMessageToDeadLetterQueue,
  EndTransaction: endTransaction,
  PullMessage: pullMessage,
  GetOffset: getOffset,
  UpdateOffset: updateOffset,
  QueryOffset: queryOffset,
};

export function messagingService(services: Services): Service {
  const methods: Record<string, Method> = {};
  for (const { name, response } of MESSAGING_METHODS) {
    methods[name] = method(RPCS[name] ?? notServed(name, response), services);
  }
  return { name: MESSAGING_SERVICE, methods };
}

function method(rpc: Rpc, services: Services): Method {
  if (rpc.kind === 'duplex') return { kind: 'duplex', handle: rpc.open(services) };
  if (rpc.kind === 'unary') return { kind: 'unary', handle: unary(rpc, services) };
  return { kind: 'server-stream', handle: serverStream(rpc, services) };
}

function unary(rpc: UnaryRpc, services: Services) {
  return async (request: Buffer, call: Call): Promise<Buffer> => {
    try {
      requireClientId(call);
      return await rpc.handle(request, call, services);
    } catch (error) {
      return rpc.failure(failureStatus(error, services));
    }
  };
}

function serverStream(
  rpc: ServerStreamRpc,
  services: Services,
): (Method & { kind: 'server-stream' })['handle'] {
  return async (request, call, out) => {
    try {
      requireClientId(call);
      await rpc.handle(request, call, out, services);
    } catch (error) {
      if (call.cancelled) return;
      for (const message of rpc.failure(failureStatus(error, services))) out.write(message);
    }
  };
}

function requireClientId({ clientId }: Call): void {
  if (clientId !== '') return;
  throw new SluiceError('CLIENT_ID_REQUIRED', 'the header x-mq-client-id is missing');
}

function failureStatus(foreign: unknown, { log }: Services) {
  const error = SluiceError.from(foreign);
  if (error.code === 'INTERNAL_ERROR') log.error({ error: foreign }, 'a call failed');
  return statusOf(error);
}

/** A method of the protocol that comes later: its own response with the code that says so. */
function notServed(name: string, response: string): UnaryRpc {
  const encoder = codec(response as MessageName);
  return {
    kind: 'unary',
    handle() {
      throw new SluiceError('NOT_IMPLEMENTED', `${name} is not served yet`);
    },
    failure: (status) => encoder.encode({ status }),
  };
}
