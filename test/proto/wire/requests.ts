/** The requests that have a codec of their own: arbitrary ones, and what must be read from them. */
import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { codec } from '#proto/messages';
import type { MessageName } from '#proto/messages';
import type { Messages } from '#proto/types';
import { decodeAckMessage } from '#proto/wire/ack-message';
import { decodeChangeInvisibleDuration } from '#proto/wire/change-invisible-duration';
import { decodeHeartbeat } from '#proto/wire/heartbeat';
import { decodeReceiveMessage } from '#proto/wire/receive-message';
import { decodeSendMessage } from '#proto/wire/send-message';
import * as any from './arbitraries.ts';
import { durationMs, known, mapOf, maybe, readable, resourceName, systemView } from './expected.ts';

export interface RequestCase {
  readonly name: MessageName;
  /** Bytes as @grpc/proto-loader writes them. */
  readonly bytes: Arbitrary<Buffer>;
  /** What the hot codec reads, made comparable. */
  readonly read: (bytes: Buffer) => unknown;
  /** The same by @grpc/proto-loader. */
  readonly expected: (bytes: Buffer) => unknown;
}

function requestCase<Name extends MessageName, View>(
  name: Name,
  parts: {
    input: Arbitrary<Messages[Name]['input']>;
    decode: (bytes: Buffer) => View;
    comparable?: (view: View) => unknown;
    expected: (decoded: Messages[Name]['decoded']) => unknown;
  },
): RequestCase {
  const { encode, decode } = codec(name);
  const { comparable = readable } = parts;
  return {
    name,
    bytes: parts.input.map(encode),
    read: (bytes) => comparable(parts.decode(bytes)),
    expected: (bytes) => parts.expected(decode(bytes)),
  };
}

const optional = { requiredKeys: [] };

const endpoints = fc.record({
  scheme: any.int32,
  addresses: fc.array(fc.record({ host: any.text, port: any.int32 }), { maxLength: 3 }),
});

const messageQueue = fc.record(
  {
    topic: any.resource,
    id: any.int32,
    permission: any.int32,
    broker: fc.record({ name: any.text, id: any.int32, endpoints }),
    acceptMessageTypes: fc.array(any.int32, { maxLength: 4 }),
  },
  optional,
);

const ackEntry = fc.record(
  { messageId: any.text, receiptHandle: any.text, liteTopic: any.text },
  optional,
);

export const REQUESTS: readonly RequestCase[] = [
  requestCase('SendMessageRequest', {
    input: fc.record({ messages: fc.array(any.message, { maxLength: 3 }) }),
    decode: decodeSendMessage,
    comparable: (views) =>
      views.map(({ userProperties, ...view }) => ({
        ...(readable(view) as object),
        userProperties: mapOf(userProperties),
      })),
    expected: ({ messages }) =>
      messages.map(({ topic, userProperties, body, systemProperties }) => ({
        topic: resourceName(topic),
        userProperties: new Map(Object.entries(userProperties)),
        body: readable(body),
        ...systemView(systemProperties),
      })),
  }),
  requestCase('ReceiveMessageRequest', {
    input: fc.record(
      {
        group: any.resource,
        messageQueue,
        filterExpression: fc.record({ type: any.int32, expression: any.text }),
        batchSize: any.int32,
        invisibleDuration: any.time,
        autoRenew: fc.boolean(),
        longPollingTimeout: any.time,
        attemptId: any.text,
      },
      optional,
    ),
    decode: decodeReceiveMessage,
    expected: ({ messageQueue: queue, ...request }) => ({
      group: resourceName(request.group),
      messageQueue: {
        topic: resourceName(queue?.topic),
        id: queue?.id ?? 0,
        permission: queue?.permission ?? 0,
        brokerName: queue?.broker?.name ?? '',
      },
      filter: request.filterExpression ?? { type: 0, expression: '' },
      batchSize: request.batchSize,
      invisibleDurationMs: maybe(request.invisibleDuration, durationMs),
      autoRenew: request.autoRenew,
      longPollingTimeoutMs: maybe(request.longPollingTimeout, durationMs),
      attemptId: request.attemptId,
    }),
  }),
  requestCase('AckMessageRequest', {
    input: fc.record(
      { group: any.resource, topic: any.resource, entries: fc.array(ackEntry, { maxLength: 5 }) },
      optional,
    ),
    decode: decodeAckMessage,
    expected: ({ group, topic, entries }) => ({
      group: resourceName(group),
      topic: resourceName(topic),
      entries: entries.map(known),
    }),
  }),
  requestCase('ChangeInvisibleDurationRequest', {
    input: fc.record(
      {
        group: any.resource,
        topic: any.resource,
        receiptHandle: any.text,
        invisibleDuration: any.time,
        messageId: any.text,
        liteTopic: any.text,
        suspend: fc.boolean(),
      },
      optional,
    ),
    decode: decodeChangeInvisibleDuration,
    expected: (request) => ({
      group: resourceName(request.group),
      topic: resourceName(request.topic),
      receiptHandle: request.receiptHandle,
      invisibleDurationMs: maybe(request.invisibleDuration, durationMs),
      messageId: request.messageId,
      liteTopic: request.liteTopic,
      suspend: request.suspend,
    }),
  }),
  requestCase('HeartbeatRequest', {
    input: fc.record({ group: any.resource, clientType: any.int32 }, optional),
    decode: decodeHeartbeat,
    expected: ({ group, clientType }) => ({ group: maybe(group, resourceName), clientType }),
  }),
];
