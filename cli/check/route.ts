/** The route of a topic, as the brokers that a client would go to. wire.md A.6 */
import type { MessagingClient, ClientIdentity } from '#cli/check/messaging-client';
import { assertOk, Finding } from '#cli/check/trouble';
import { formatHostPort, type HostPort } from '#lib/host-port';
import { endpointsOf } from '#proto/route';
import { MessageType, Permission } from '#proto/types';
import type { MessageQueue } from '#proto/types';

/** One address of a broker; a broker that is advertised with several is tried at each. */
export interface Target {
  readonly broker: string;
  readonly address: HostPort;
  readonly queues: readonly MessageQueue[];
}

/** @throws Refusal, Finding, or what grpc-js throws */
export async function queryRoute(
  client: MessagingClient,
  endpoint: HostPort,
  { topic, from, timeoutMs }: { topic: string; from: ClientIdentity; timeoutMs: number },
): Promise<readonly Target[]> {
  const request = { topic: { name: topic }, endpoints: endpointsOf(endpoint) };
  const answer = await client.unary('QueryRoute', request, from, timeoutMs);
  assertOk(answer.status);
  const targets = targetsOf(answer.messageQueues);
  if (targets.length === 0) {
    throw new Finding(
      `the route of ${topic} names no queue`,
      'are the brokers that have the topic running?',
    );
  }
  const kinds = new Set(answer.messageQueues.flatMap((queue) => queue.acceptMessageTypes));
  if (!kinds.has(MessageType.NORMAL)) {
    const taken = [...kinds].map(kindText).join(' and ');
    throw new Finding(
      `${topic} takes ${taken} messages, a check sends normal ones`,
      'check with a topic of kind normal',
    );
  }
  return targets;
}

/** Queues by broker and address, in the order of the route. */
function targetsOf(queues: readonly MessageQueue[]): readonly Target[] {
  const targets = new Map<string, Target & { queues: MessageQueue[] }>();
  for (const queue of queues) {
    const broker = queue.broker?.name ?? '';
    for (const address of queue.broker?.endpoints?.addresses ?? []) {
      const key = `${broker} ${formatHostPort(address)}`;
      const known = targets.get(key);
      if (known) known.queues.push(queue);
      else targets.set(key, { broker, address, queues: [queue] });
    }
  }
  return [...targets.values()];
}

/** The queue to name in a send; none while a broker is read only, as before its removal. */
export function writableQueue({ queues }: Target): MessageQueue | undefined {
  return queues.find(
    ({ permission }) => permission === Permission.WRITE || permission === Permission.READ_WRITE,
  );
}

function kindText(type: number): string {
  const name = Object.entries(MessageType).find(([, value]) => value === type)?.[0];
  return name?.toLowerCase() ?? `type ${type}`;
}
