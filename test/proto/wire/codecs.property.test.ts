/** Each hot codec agrees with @grpc/proto-loader on arbitrary messages, in its direction. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Status } from '#proto/codes';
import { codec } from '#proto/messages';
import { encodeAckMessageResponse } from '#proto/wire/ack-message';
import type { AckResult } from '#proto/wire/ack-message';
import { encodeChangeInvisibleDurationResponse } from '#proto/wire/change-invisible-duration';
import { encodeHeartbeatResponse } from '#proto/wire/heartbeat';
import type { DeliveredMessage } from '#proto/wire/message';
import { WireReader } from '#proto/wire/reader';
import {
  encodeReceiveDeliveryTimestamp,
  encodeReceiveMessage,
  encodeReceiveStatus,
} from '#proto/wire/receive-message';
import { encodeSendMessageResponse } from '#proto/wire/send-message';
import type { SendResult } from '#proto/wire/send-message';
import { readDurationMs, readTimestampMs } from '#proto/wire/time';
import { seededRandom } from '#support/random';
import * as any from './arbitraries.ts';
import {
  durationMs,
  known,
  mapOf,
  maybe,
  readable,
  resourceName,
  timestampMs,
} from './expected.ts';
import { REQUESTS } from './requests.ts';
import { fieldsOf, rewritten } from './rewriter.ts';

console.info(`PROPERTY_SEED=${any.seed}`);

describe.each(REQUESTS)('$name', ({ name, bytes: requests, read, expected }) => {
  test('is read as @grpc/proto-loader reads it', () => {
    const check = (bytes: Buffer): void => expect(read(bytes)).toEqual(expected(bytes));
    fc.assert(fc.property(requests, check), any.property);
  });

  test('means the same in any order, in parts, and among unknown fields', () => {
    const check = (bytes: Buffer, seed: number): void => {
      const other = rewritten(name, bytes, seededRandom(seed));
      expect(read(other)).toEqual(read(bytes));
    };
    fc.assert(fc.property(requests, fc.nat(), check), any.property);
  });
});

describe('times', () => {
  /** Seconds and nanos of which both have the sign that their type wants. */
  const parts = fc.tuple(fc.nat(10 ** 9), fc.nat(999_999_999), fc.boolean());
  const field = (content: Buffer): Buffer => Buffer.concat([Buffer.of(content.length), content]);

  test.each([
    ['Timestamp', readTimestampMs, timestampMs, 1],
    ['Duration', readDurationMs, durationMs, -1],
  ] as const)('a %s comes in parts', (_name, read, toMs, sign) => {
    const { encode } = codec('Settings'); // it has a duration; both types have the same fields
    const contentOf = (seconds?: number, nanos?: number): Buffer =>
      encode({ requestTimeout: { seconds, nanos } }).subarray(2);
    const check = ([s, n, isNegative]: [number, number, boolean], staleSeconds: number): void => {
      const seconds = isNegative ? -s : s;
      const nanos = isNegative ? sign * n : n;
      const stale = isNegative ? -staleSeconds : staleSeconds;
      const ofStale = read(new WireReader(field(contentOf(stale, nanos))), undefined);
      const merged = read(new WireReader(field(contentOf(seconds))), ofStale);
      // Zero has a sign here, and none on the wire.
      expect(merged + 0).toBe(toMs({ seconds, nanos }) + 0);
      const ofSeconds = read(new WireReader(field(contentOf(seconds))), undefined);
      expect(read(new WireReader(field(contentOf(undefined, nanos))), ofSeconds) + 0).toBe(
        merged + 0,
      );
    };
    fc.assert(fc.property(parts, fc.nat(10 ** 9), check), any.property);
  });
});

describe('answers', () => {
  /** The delivered message again, from bytes, by protobuf.js. */
  function deliveredFrom(bytes: Buffer): Record<string, unknown> {
    const { content, message } = codec('ReceiveMessageResponse').decode(bytes);
    expect(content).toBe('message');
    if (!message?.systemProperties) throw new Error('no system properties');
    const { topic, userProperties, systemProperties, body } = message;
    const { bodyDigest, bornTimestamp, storeTimestamp, deliveryTimestamp, ...rest } = known(
      systemProperties,
    ) as unknown as typeof systemProperties;
    const { invisibleDuration, ...same } = rest;
    expect(bodyDigest?.type).toBe(2);
    return {
      ...same,
      topic: resourceName(topic),
      userProperties: new Map(Object.entries(userProperties)),
      body: readable(body),
      bodyDigestMd5Hex: bodyDigest?.checksum,
      bornTimestampMs: maybe(bornTimestamp, timestampMs),
      storeTimestampMs: maybe(storeTimestamp, timestampMs),
      deliveryTimestampMs: maybe(deliveryTimestamp, timestampMs),
      invisibleDurationMs: maybe(invisibleDuration, durationMs),
    };
  }

  test('a delivered message', () => {
    const check = (message: DeliveredMessage): void => {
      const bytes = encodeReceiveMessage(message);
      expect(deliveredFrom(bytes)).toEqual({
        ...(readable(message) as object),
        userProperties: mapOf(message.userProperties),
      });
      // The same bytes are an answer to PullMessage.
      const { content, message: pulled } = codec('PullMessageResponse').decode(bytes);
      expect(content).toBe('message');
      expect(pulled?.body.equals(message.body)).toBe(true);
    };
    fc.assert(fc.property(any.delivered, check), any.property);
  });

  test('fields come out in order, as the generated encoders of other languages write them', () => {
    const MESSAGE_TAG = 0x12;
    const SYSTEM_PROPERTIES_TAG = 0x1a;
    const check = (answer: DeliveredMessage): void => {
      const [message] = fieldsOf(encodeReceiveMessage(answer));
      expect(message?.tag).toBe(MESSAGE_TAG);
      const fields = fieldsOf(message?.content ?? Buffer.alloc(0));
      const system = fields.find(({ tag }) => tag === SYSTEM_PROPERTIES_TAG);
      for (const part of [fields, fieldsOf(system?.content ?? Buffer.alloc(0))]) {
        const tags = part.map(({ tag }) => tag);
        expect(tags).toEqual(tags.toSorted((a, b) => a - b));
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
      messageId: any.inPlace,
      transactionId: any.text,
      offset: any.int64,
      recallHandle: any.text,
    });
    const check = (status: Status, results: readonly SendResult[]): void => {
      const seen = codec('SendMessageResponse').decode(encodeSendMessageResponse(status, results));
      const entries = results.map(({ code, message, ...rest }) => ({
        status: { code, message },
        ...(readable(rest) as object),
      }));
      expect(seen).toEqual({ status, entries });
    };
    fc.assert(fc.property(any.status, fc.array(result, { maxLength: 4 }), check), any.property);
  });

  test('the response of AckMessage', () => {
    const result = fc.record({
      code: any.int32,
      message: any.text,
      messageId: any.inPlace,
      receiptHandle: any.inPlace,
    });
    const check = (status: Status, results: readonly AckResult[]): void => {
      const seen = codec('AckMessageResponse').decode(encodeAckMessageResponse(status, results));
      const entries = results.map(({ code, message, ...rest }) => ({
        ...(readable(rest) as object),
        status: { code, message },
      }));
      expect(seen).toEqual({ status, entries });
    };
    fc.assert(fc.property(any.status, fc.array(result, { maxLength: 4 }), check), any.property);
  });

  test('the responses of ChangeInvisibleDuration and Heartbeat', () => {
    const check = (status: Status, receiptHandle: string): void => {
      const changed = encodeChangeInvisibleDurationResponse(status, receiptHandle);
      const seen = codec('ChangeInvisibleDurationResponse').decode(changed);
      expect(seen).toEqual({ status, receiptHandle });
      const alive = encodeHeartbeatResponse(status);
      expect(codec('HeartbeatResponse').decode(alive)).toEqual({ status });
    };
    fc.assert(fc.property(any.status, any.text, check), any.property);
  });
});
