/** Each hot codec agrees with @grpc/proto-loader on arbitrary messages, in its direction. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Status } from '#proto/codes';
import { codec } from '#proto/messages';
import { decodeAckMessage, encodeAckMessageResponse } from '#proto/wire/ack-message';
import type { AckResult } from '#proto/wire/ack-message';
import {
  decodeChangeInvisibleDuration,
  encodeChangeInvisibleDurationResponse,
} from '#proto/wire/change-invisible-duration';
import { encodeMessage } from '#proto/wire/message';
import type { DeliveredMessage } from '#proto/wire/message';
import {
  decodeReceiveMessage,
  encodeReceiveDeliveryTimestamp,
  encodeReceiveMessage,
  encodeReceiveStatus,
} from '#proto/wire/receive-message';
import { decodeSendMessage, encodeSendMessageResponse } from '#proto/wire/send-message';
import type { SendResult } from '#proto/wire/send-message';
import * as any from './arbitraries.ts';
import { durationMs, maybe, resourceName, systemView, timestampMs } from './expected.ts';

console.info(`PROPERTY_SEED=${any.seed}`);

/** Without the helper fields `_name` by which protobuf.js marks optional fields that are set. */
function known(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !name.startsWith('_')));
}

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((key, index) =>
    index % 2 === 0 ? [[key, flat[index + 1] as string] as [string, string]] : [],
  );
}

describe('decoding requests', () => {
  test('SendMessage', () => {
    const { encode, decode } = codec('SendMessageRequest');
    const request = fc.record({ messages: fc.array(any.message, { maxLength: 3 }) });
    const check = (value: Parameters<typeof encode>[0]): void => {
      const bytes = encode(value);
      const seen = decodeSendMessage(bytes).map(({ userProperties, body, ...view }) => ({
        ...view,
        body: body.toString('latin1'),
        userProperties: new Map(pairs(userProperties)),
      }));
      const expected = decode(bytes).messages.map((message) => ({
        topic: resourceName(message.topic),
        userProperties: new Map(Object.entries(message.userProperties)),
        body: message.body.toString('latin1'),
        ...systemView(message.systemProperties),
      }));
      expect(seen).toEqual(expected);
    };
    fc.assert(fc.property(request, check), any.property);
  });

  test('ReceiveMessage', () => {
    const { encode, decode } = codec('ReceiveMessageRequest');
    const messageQueue = fc.record(
      {
        topic: any.resource,
        id: any.int32,
        permission: any.int32,
        broker: fc.record({
          name: any.text,
          id: any.int32,
          endpoints: fc.record({
            scheme: any.int32,
            addresses: fc.array(fc.record({ host: any.text, port: any.int32 }), { maxLength: 3 }),
          }),
        }),
        acceptMessageTypes: fc.array(any.int32, { maxLength: 4 }),
      },
      { requiredKeys: [] },
    );
    const request = fc.record(
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
      { requiredKeys: [] },
    );
    const check = (value: Parameters<typeof encode>[0]): void => {
      const bytes = encode(value);
      const expected = decode(bytes);
      const queue = expected.messageQueue;
      expect(decodeReceiveMessage(bytes)).toEqual({
        group: resourceName(expected.group),
        messageQueue: {
          topic: resourceName(queue?.topic ?? null),
          id: queue?.id ?? 0,
          permission: queue?.permission ?? 0,
          brokerName: queue?.broker?.name ?? '',
        },
        filter: expected.filterExpression ?? { type: 0, expression: '' },
        batchSize: expected.batchSize,
        invisibleDurationMs: maybe(expected.invisibleDuration, durationMs),
        autoRenew: expected.autoRenew,
        longPollingTimeoutMs: maybe(expected.longPollingTimeout, durationMs),
        attemptId: expected.attemptId,
      });
    };
    fc.assert(fc.property(request, check), any.property);
  });

  test('AckMessage', () => {
    const { encode, decode } = codec('AckMessageRequest');
    const entry = fc.record(
      { messageId: any.text, receiptHandle: any.text, liteTopic: any.text },
      { requiredKeys: [] },
    );
    const request = fc.record(
      { group: any.resource, topic: any.resource, entries: fc.array(entry, { maxLength: 5 }) },
      { requiredKeys: [] },
    );
    const check = (value: Parameters<typeof encode>[0]): void => {
      const bytes = encode(value);
      const expected = decode(bytes);
      expect(decodeAckMessage(bytes)).toEqual({
        group: resourceName(expected.group),
        topic: resourceName(expected.topic),
        entries: expected.entries.map(known),
      });
    };
    fc.assert(fc.property(request, check), any.property);
  });

  test('ChangeInvisibleDuration', () => {
    const { encode, decode } = codec('ChangeInvisibleDurationRequest');
    const request = fc.record(
      {
        group: any.resource,
        topic: any.resource,
        receiptHandle: any.text,
        invisibleDuration: any.time,
        messageId: any.text,
        liteTopic: any.text,
        suspend: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    const check = (value: Parameters<typeof encode>[0]): void => {
      const bytes = encode(value);
      const expected = decode(bytes);
      expect(decodeChangeInvisibleDuration(bytes)).toEqual({
        group: resourceName(expected.group),
        topic: resourceName(expected.topic),
        receiptHandle: expected.receiptHandle,
        invisibleDurationMs: maybe(expected.invisibleDuration, durationMs),
        messageId: expected.messageId,
        liteTopic: expected.liteTopic,
        suspend: expected.suspend,
      });
    };
    fc.assert(fc.property(request, check), any.property);
  });
});

describe('encoding answers', () => {
  const decodeMessage = codec('Message').decode;

  /** The delivered message again, from bytes, by protobuf.js. */
  function deliveredFrom(bytes: Buffer): Record<string, unknown> {
    const { topic, userProperties, systemProperties: system, body } = decodeMessage(bytes);
    if (!system) throw new Error('no system properties');
    expect(system.bodyDigest?.type).toBe(2);
    const { bodyDigest, bornTimestamp, storeTimestamp, deliveryTimestamp, ...rest } = known(
      system,
    ) as unknown as typeof system;
    const { invisibleDuration, ...same } = rest;
    return {
      ...same,
      topic: resourceName(topic),
      userProperties: new Map(Object.entries(userProperties)),
      body: body.toString('latin1'),
      bodyDigestMd5Hex: bodyDigest?.checksum,
      bornTimestampMs: maybe(bornTimestamp, timestampMs),
      storeTimestampMs: maybe(storeTimestamp, timestampMs),
      deliveryTimestampMs: maybe(deliveryTimestamp, timestampMs),
      invisibleDurationMs: maybe(invisibleDuration, durationMs),
    };
  }

  test('a delivered message', () => {
    const check = (message: DeliveredMessage): void => {
      const bytes = encodeMessage(message);
      expect(deliveredFrom(bytes)).toEqual({
        ...message,
        body: Buffer.from(message.body).toString('latin1'),
        userProperties: new Map(pairs(message.userProperties)),
      });
      // The same message, wrapped as field 2: the one of both answers.
      const answer = encodeReceiveMessage(message);
      expect(answer.subarray(-bytes.length).equals(bytes)).toBe(true);
      for (const name of ['ReceiveMessageResponse', 'PullMessageResponse'] as const) {
        const { content, message: inside } = codec(name).decode(answer);
        expect(content).toBe('message');
        expect(inside?.body.equals(message.body)).toBe(true);
      }
    };
    fc.assert(fc.property(any.delivered, check), any.property);
  });

  test('the status and the delivery timestamp of ReceiveMessage', () => {
    const { decode } = codec('ReceiveMessageResponse');
    const check = (status: Status, ms: number): void => {
      const first = decode(encodeReceiveStatus(status.code, status.message));
      expect(first).toEqual({ content: 'status', status });
      const last = decode(encodeReceiveDeliveryTimestamp(ms));
      expect(last.content).toBe('deliveryTimestamp');
      expect(maybe(last.deliveryTimestamp, timestampMs)).toBe(ms);
      expect(last.deliveryTimestamp?.nanos).toBeGreaterThanOrEqual(0);
    };
    fc.assert(fc.property(any.status, any.milliseconds, check), any.property);
  });

  test('the response of SendMessage', () => {
    const result = fc.record({
      code: any.int32,
      message: any.text,
      messageId: any.text,
      transactionId: any.text,
      offset: any.int64,
      recallHandle: any.text,
    });
    const check = (status: Status, results: readonly SendResult[]): void => {
      const seen = codec('SendMessageResponse').decode(encodeSendMessageResponse(status, results));
      const entries = results.map(({ code, message, ...rest }) => ({
        status: { code, message },
        ...rest,
      }));
      expect(seen).toEqual({ status, entries });
    };
    fc.assert(fc.property(any.status, fc.array(result, { maxLength: 4 }), check), any.property);
  });

  test('the responses of AckMessage and ChangeInvisibleDuration', () => {
    const result = fc.record({
      code: any.int32,
      message: any.text,
      messageId: any.text,
      receiptHandle: any.text,
    });
    const check = (status: Status, results: readonly AckResult[], handle: string): void => {
      const acked = codec('AckMessageResponse').decode(encodeAckMessageResponse(status, results));
      const entries = results.map(({ code, message, ...rest }) => ({
        ...rest,
        status: { code, message },
      }));
      expect(acked).toEqual({ status, entries });
      const changed = encodeChangeInvisibleDurationResponse(status, handle);
      expect(codec('ChangeInvisibleDurationResponse').decode(changed)).toEqual({
        status,
        receiptHandle: handle,
      });
    };
    fc.assert(
      fc.property(any.status, fc.array(result, { maxLength: 4 }), any.text, check),
      any.property,
    );
  });
});
