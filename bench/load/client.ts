/** What a client says of itself, with every call and in its first ones. wire.md A.4 */
import type { EncodableFields } from '#proto/http2/hpack/encoder';
import { encodeMessage } from '../wire/protobuf.ts';

const SERVICE = '/apache.rocketmq.v2.MessagingService/';
/** Seconds that a client of the public libraries gives a call; a receive has its wait on top. */
export const TIMEOUT_SECONDS = 3;
export const LONG_POLL_SECONDS = 20;
const DOMAIN_NAME = 3;

interface Address {
  readonly host: string;
  readonly port: number;
}

let clients = 0;

/** The headers of each method's calls, of a client that no other is. */
export function headersOf({ host, port }: Address): (method: string) => EncodableFields {
  const clientId = `bench@${process.pid}@${clients++}@${Date.now().toString(36)}`;
  return (method) => {
    const headers: EncodableFields = [
      [':method', 'POST', true],
      [':scheme', 'http', true],
      [':path', SERVICE + method, true],
      [':authority', `${host}:${port}`, true],
      ['te', 'trailers', true],
      ['content-type', 'application/grpc', true],
      ['user-agent', 'sluice-bench', true],
      ['x-mq-client-id', clientId, true],
      ['x-mq-language', 'JAVA', true],
      ['x-mq-protocol', 'v2', true],
      ['x-mq-client-version', '5.0.0', true],
    ];
    if (method === 'Telemetry') return headers;
    const extra = method === 'ReceiveMessage' ? LONG_POLL_SECONDS : 0;
    return [...headers, ['grpc-timeout', `${TIMEOUT_SECONDS + extra}S`, true]];
  };
}

export function endpoints({ host, port }: Address): Buffer {
  const address = encodeMessage([1, host], [2, port]);
  return encodeMessage([1, DOMAIN_NAME], [2, address]);
}

export function routeRequest(topic: string, server: Address): Buffer {
  return encodeMessage([1, encodeMessage([2, topic])], [2, endpoints(server)]);
}
