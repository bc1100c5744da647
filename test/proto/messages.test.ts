import { describe, expect, test } from '@jest/globals';
import { MESSAGING_METHODS, MESSAGING_SERVICE, codec } from '#proto/messages';
import { ClientType, MessageType } from '#proto/types';

describe('messages of apache.rocketmq.v2', () => {
  test('the service has the methods of wire.md A.1, with their kinds', () => {
    expect(MESSAGING_SERVICE).toBe('apache.rocketmq.v2.MessagingService');
    const streams = MESSAGING_METHODS.filter(({ kind }) => kind !== 'unary');
    expect(MESSAGING_METHODS).toHaveLength(17);
    expect(streams).toEqual([
      {
        name: 'Telemetry',
        kind: 'duplex',
        request: 'TelemetryCommand',
        response: 'TelemetryCommand',
      },
      {
        name: 'ReceiveMessage',
        kind: 'server-stream',
        request: 'ReceiveMessageRequest',
        response: 'ReceiveMessageResponse',
      },
      {
        name: 'PullMessage',
        kind: 'server-stream',
        request: 'PullMessageRequest',
        response: 'PullMessageResponse',
      },
    ]);
  });

  test('a decoded message is complete, except for what has presence', () => {
    const settings = codec('Settings').decode(Buffer.alloc(0));
    expect(settings).toEqual({ userAgent: null, metric: null, clientProperties: {} });
    expect('clientType' in settings).toBe(false);
  });

  test('a decoded message can be sent back as it is', () => {
    const { decode, encode } = codec('TelemetryCommand');
    const command = decode(
      encode({
        settings: {
          clientType: ClientType.PUSH_CONSUMER,
          requestTimeout: { seconds: 3 },
          subscription: { group: { name: 'group' }, fifo: false, receiveBatchSize: 32 },
          clientProperties: { zone: 'a' },
        },
      }),
    );
    expect(command.command).toBe('settings');
    expect(command.settings?.pubSub).toBe('subscription');
    expect(command.settings?.requestTimeout).toEqual({ seconds: 3, nanos: 0 });
    expect(command.settings?.subscription?.fifo).toBe(false);
    expect(decode(encode(command))).toEqual(command);
  });

  test('int64 is a number with its sign, and an unknown enum number passes through', () => {
    const { decode, encode } = codec('Message');
    const message = decode(
      encode({ systemProperties: { queueOffset: -(2 ** 53) + 1, messageType: 77 } }),
    );
    expect(message.systemProperties?.queueOffset).toBe(-(2 ** 53) + 1);
    expect(message.systemProperties?.messageType).toBe(77);
    expect(Object.values(MessageType)).not.toContain(77);
  });

  test('bytes that are no such message are BAD_REQUEST', () => {
    const { decode } = codec('QueryRouteRequest');
    for (const bytes of [[0x0a, 0x05, 0x01], [0x0f], [0xff, 0xff]]) {
      expect(() => decode(Buffer.from(bytes))).toThrow(
        expect.objectContaining({ name: 'SluiceError', code: 'BAD_REQUEST' }),
      );
    }
  });
});
