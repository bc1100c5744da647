/** The requests of a check: what a producer and a simple consumer say of themselves and send. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { CHECK, SESSION } from '#lib/limits';
import { endpointsOf } from '#proto/route';
import { ClientType, Encoding, FilterType, MessageType } from '#proto/types';
import type {
  DurationInput,
  MessageInput,
  MessageQueue,
  ReceiveMessageRequestInput,
  SettingsInput,
  UAInput,
} from '#proto/types';
import { Language } from '#proto/types';
import { VERSION } from '#lib/version';
import type { HostPort } from '#lib/host-port';

/** Tells a check's messages from an application's; its consumer asks for no others. */
const TAG = 'sluice-check';

const SECOND_MS = 1000;

function duration(ms: number): DurationInput {
  return { seconds: Math.floor(ms / SECOND_MS), nanos: Math.round((ms % SECOND_MS) * 1e6) };
}

function userAgent(): UAInput {
  const platform = `${process.platform} ${process.arch}`;
  return { language: Language.NODE_JS, version: VERSION, platform, hostname: hostname() };
}

/** `endpoint` is the address that the client was configured with. */
export function producerSettings(endpoint: HostPort, topic: string): SettingsInput {
  return {
    clientType: ClientType.PRODUCER,
    accessPoint: endpointsOf(endpoint),
    requestTimeout: duration(SESSION.requestTimeoutMs),
    userAgent: userAgent(),
    publishing: { topics: [{ name: topic }], validateMessageType: true },
  };
}

export function consumerSettings(
  endpoint: HostPort,
  { topic, group }: { topic: string; group: string },
): SettingsInput {
  return {
    clientType: ClientType.SIMPLE_CONSUMER,
    accessPoint: endpointsOf(endpoint),
    requestTimeout: duration(SESSION.requestTimeoutMs),
    userAgent: userAgent(),
    subscription: {
      group: { name: group },
      subscriptions: [
        { topic: { name: topic }, expression: { type: FilterType.TAG, expression: TAG } },
      ],
      longPollingTimeout: duration(CHECK.pollMs),
    },
  };
}

export function checkMessage(topic: string, queueId: number): MessageInput & { id: string } {
  // As client libraries make them: 34 upper-case hex digits, the first two are the version.
  const id = `01${randomUUID().replaceAll('-', '').toUpperCase()}`;
  const nowMs = Date.now();
  return {
    id,
    topic: { name: topic },
    body: Buffer.from(`sluice check of ${topic} by ${hostname()}`),
    systemProperties: {
      messageId: id,
      tag: TAG,
      messageType: MessageType.NORMAL,
      bodyEncoding: Encoding.IDENTITY,
      bornHost: hostname(),
      bornTimestamp: duration(nowMs),
      queueId,
    },
  };
}

export function receiveRequest(
  group: string,
  messageQueue: MessageQueue,
  pollMs: number,
): ReceiveMessageRequestInput {
  return {
    group: { name: group },
    messageQueue,
    filterExpression: { type: FilterType.TAG, expression: TAG },
    batchSize: CHECK.receiveBatch,
    invisibleDuration: duration(CHECK.invisibleMs),
    autoRenew: false,
    longPollingTimeout: duration(pollMs),
  };
}
