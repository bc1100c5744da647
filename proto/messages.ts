/** The messages and methods of apache.rocketmq.v2 as the clients speak it. wire.md A.1 */
import { loadProtocol } from '#proto/load';
import type { Codec, MethodInfo } from '#proto/load';
import type { Messages } from '#proto/types';

const PACKAGE = 'apache.rocketmq.v2';

export const MESSAGING_SERVICE = `${PACKAGE}.MessagingService`;

export const ROCKETMQ_ADMIN_SERVICE = `${PACKAGE}.Admin`;

/** With all of rocketmq.proto, which it imports. */
const file = new URL('rocketmq-admin.proto', import.meta.url);
const protocol = loadProtocol<Messages>(file, PACKAGE);

/** For grpc-js: clients of the service in the CLI and in tests. */
export const definition = protocol.definition;

export type MessageName = keyof Messages;

/** Every method of the service, also those that are not served yet. */
export const MESSAGING_METHODS: readonly MethodInfo[] = protocol.methods(MESSAGING_SERVICE);

export const ROCKETMQ_ADMIN_METHODS: readonly MethodInfo[] =
  protocol.methods(ROCKETMQ_ADMIN_SERVICE);

/** Decode and encode one message, e.g. `codec('QueryRouteRequest')`. Make it once, not per call. */
export function codec<Name extends MessageName>(
  name: Name,
): Codec<Messages[Name]['decoded'], Messages[Name]['input']> {
  return protocol.codec(name);
}
