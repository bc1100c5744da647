/**
 * What a name server serves of the MessagingService. Clients ask their access point for routes
 * only; all else goes to the addresses in the routes (wire.md A.4) and is UNIMPLEMENTED here.
 */
import { SluiceError } from '#lib/errors';
import type { Log } from '#lib/log';
import { queryAssignment } from '#nameserver/query-assignment';
import { queryRoute, type RouteSource } from '#nameserver/query-route';
import { statusOf, type Status } from '#proto/codes';
import type { Call, Method, Service } from '#proto/grpc-transport/call';
import { codec, MESSAGING_SERVICE } from '#proto/messages';

export interface RouteServiceOptions extends RouteSource {
  readonly log: Log;
}

const routeResponse = codec('QueryRouteResponse');
const assignmentResponse = codec('QueryAssignmentResponse');

export function createRouteService(options: RouteServiceOptions): Service {
  const { table, log } = options;
  return {
    name: MESSAGING_SERVICE,
    methods: {
      QueryRoute: unary(
        (request, call) => queryRoute(request, call, options),
        (status) => routeResponse.encode({ status }),
        log,
      ),
      QueryAssignment: unary(
        (request, call) => queryAssignment(request, call, table),
        (status) => assignmentResponse.encode({ status }),
        log,
      ),
    },
  };
}

/** Every failure is an answer: gRPC OK with a Status in the body. wire.md A.2 */
function unary(
  handle: (request: Buffer, call: Call) => Buffer | Promise<Buffer>,
  failed: (status: Status) => Buffer,
  log: Log,
): Method {
  return {
    kind: 'unary',
    async handle(request, call) {
      try {
        if (call.clientId === '') {
          throw new SluiceError('CLIENT_ID_REQUIRED', 'the header x-mq-client-id is missing');
        }
        return await handle(request, call);
      } catch (foreign) {
        const error = SluiceError.from(foreign);
        if (error.code === 'INTERNAL_ERROR') log.error({ error: foreign }, 'a call failed');
        return failed(statusOf(error));
      }
    },
  };
}
