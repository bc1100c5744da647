/**
 * What a name server serves of the MessagingService. Clients ask their access point for routes
 * only; all else goes to the addresses in the routes (wire.md A.4) and is UNIMPLEMENTED here.
 */
import { SluiceError } from '#lib/errors';
import type { Log } from '#lib/log';
import { queryAssignment } from '#nameserver/query-assignment';
import { queryRoute } from '#nameserver/query-route';
import type { RouteTable } from '#nameserver/route-table';
import type { Question, Traffic } from '#nameserver/traffic';
import { statusOf, type Status } from '#proto/codes';
import type { Call, Method, Service } from '#proto/grpc-transport/call';
import { codec, MESSAGING_SERVICE } from '#proto/messages';

export interface RouteServiceOptions {
  readonly table: RouteTable;
  readonly traffic: Traffic;
  readonly log: Log;
}

const routeResponse = codec('QueryRouteResponse');
const assignmentResponse = codec('QueryAssignmentResponse');

export function createRouteService({ table, traffic, log }: RouteServiceOptions): Service {
  /** Every failure is an answer: gRPC OK with a Status in the body. wire.md A.2 */
  const unary = (
    question: Question,
    handle: (request: Buffer, call: Call, table: RouteTable) => Buffer,
    failed: (status: Status) => Buffer,
  ): Method => ({
    kind: 'unary',
    async handle(request, call) {
      try {
        if (call.clientId === '') {
          throw new SluiceError('CLIENT_ID_REQUIRED', 'the header x-mq-client-id is missing');
        }
        const answer = handle(request, call, table);
        traffic.asked(question, 'OK');
        return answer;
      } catch (foreign) {
        const error = SluiceError.from(foreign);
        traffic.asked(question, error.code);
        if (error.code === 'INTERNAL_ERROR') log.error({ error: foreign }, 'a call failed');
        return failed(statusOf(error));
      }
    },
  });
  return {
    name: MESSAGING_SERVICE,
    methods: {
      QueryRoute: unary('QueryRoute', queryRoute, (status) => routeResponse.encode({ status })),
      QueryAssignment: unary('QueryAssignment', queryAssignment, (status) =>
        assignmentResponse.encode({ status }),
      ),
    },
  };
}
