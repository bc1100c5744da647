import { expect } from '@jest/globals';
import { ClientType, Code, Encoding, FilterType } from '#proto/types';
import type { Message, ReceiveMessageRequestInput } from '#proto/types';
import {
  RawClient,
  consumerSettings,
  messagesOf,
  normalMessage,
  receiveRequest,
  statusOf,
} from '../raw-client.ts';
import type { Environment, Scenario } from '../scenario.ts';
import { type Difference, differs, uniqueName } from '../target.ts';

interface Stage {
  client: RawClient;
  topic: string;
  group: string;
  send(count: number): Promise<string[]>;
  request(more?: ReceiveMessageRequestInput): Promise<ReceiveMessageRequestInput>;
  /** Receives until `count` messages came. */
  take(count: number): Promise<Message[]>;
  end(): void;
}

/** A simple consumer with an open session. */
async function stage({ target }: Environment): Promise<Stage> {
  const topic = uniqueName('raw');
  const group = uniqueName('g_raw');
  await Promise.all([target.createTopic(topic, 'normal', 1), target.createGroup(group)]);
  const client = new RawClient(target.endpoints);
  const telemetry = client.telemetry();
  const settings = consumerSettings(client, ClientType.SIMPLE_CONSUMER, group, topic);
  telemetry.write({ settings });
  await telemetry.settings();
  const request = (more?: ReceiveMessageRequestInput): Promise<ReceiveMessageRequestInput> =>
    receiveRequest(client, group, topic, more);
  return {
    client,
    topic,
    group,
    request,
    async send(count) {
      const messages = Array.from({ length: count }, () =>
        normalMessage(topic, { tag: 'T', keys: ['k1', 'k2'] }, { userProperties: { p: 'v' } }),
      );
      for (const message of messages) {
        const answer = await client.unary('SendMessage', { messages: [message] });
        expect(answer.status?.code).toBe(Code.OK);
      }
      return messages.map((message) => message.systemProperties?.messageId ?? '');
    },
    async take(count) {
      const all: Message[] = [];
      for (let round = 0; round < 10 && all.length < count; round += 1) {
        all.push(...messagesOf(await client.receive(await request())));
      }
      expect(all).toHaveLength(count);
      return all;
    },
    end() {
      telemetry.end();
      client.close();
    },
  };
}

const FORGED: Difference<number> = {
  sluice: Code.INVALID_RECEIPT_HANDLE,
  rocketmq: Code.INTERNAL_SERVER_ERROR,
  why: 'the proxy fails in its parser; INVALID_RECEIPT_HANDLE makes clients give up (F.10)',
};

function handleOf(message: Message | undefined): string {
  return message?.systemProperties?.receiptHandle ?? '';
}

const order: Scenario = {
  name: 'the stream is status, messages, delivery timestamp; empty it is MESSAGE_NOT_FOUND',
  async run(environment) {
    const { client, send, request, end } = await stage(environment);
    const fromMs = performance.now();
    const empty = await client.receive(await request());
    expect(statusOf(empty)).toBe(Code.MESSAGE_NOT_FOUND);
    expect(empty[0]?.content).toBe('status');
    expect(messagesOf(empty)).toEqual([]);
    expect(performance.now() - fromMs).toBeGreaterThan(4_000);
    const ids = await send(3);
    const seen: string[] = [];
    for (let round = 0; round < 5 && seen.length < 3; round += 1) {
      const full = await client.receive(await request());
      const contents = full.map((response) => response.content);
      const messages = messagesOf(full);
      expect(statusOf(full)).toBe(Code.OK);
      expect(contents).toEqual(['status', ...messages.map(() => 'message'), 'deliveryTimestamp']);
      seen.push(...messages.map((message) => message.systemProperties?.messageId ?? ''));
    }
    expect(seen.toSorted()).toEqual(ids.toSorted());
    end();
  },
};

const fields: Scenario = {
  name: 'a delivered message has every field that clients read',
  async run(environment) {
    const { send, take, topic, end } = await stage(environment);
    const [messageId] = await send(1);
    const [message] = await take(1);
    expect(message?.topic?.name).toBe(topic);
    expect(message?.userProperties).toEqual({ p: 'v' });
    expect(message?.body.toString()).toBe('raw');
    expect(message?.systemProperties).toMatchObject({
      messageId,
      tag: 'T',
      keys: ['k1', 'k2'],
      // MD5 in upper-case hex of the body, wire.md A.8
      bodyDigest: { type: expect.any(Number), checksum: expect.stringMatching(/^[0-9A-F]+$/) },
      bodyEncoding: Encoding.IDENTITY,
      messageType: 1,
      bornHost: 'raw',
      queueId: 0,
      deliveryAttempt: 1,
    });
    expect(message?.systemProperties?.invisibleDuration).toEqual(
      differs<object | undefined>(environment.target, {
        sluice: { seconds: 30, nanos: 0 },
        rocketmq: undefined,
        why: 'the proxy leaves it out, no client needs it (wire.md A.8)',
      }),
    );
    expect(message?.systemProperties?.queueOffset).toBeGreaterThanOrEqual(0);
    expect(message?.systemProperties?.storeTimestamp?.seconds).toBeGreaterThan(0);
    expect(message?.systemProperties?.storeHost).not.toBe('');
    expect(handleOf(message)).not.toBe('');
    end();
  },
};

const handles: Scenario = {
  name: 'forged, foreign and replaced receipt handles get INVALID_RECEIPT_HANDLE',
  async run(environment) {
    const { client, send, take, topic, group, end } = await stage(environment);
    await send(2);
    const [first, second] = await take(2);
    const ack = async (messageId: string, receiptHandle: string): Promise<number | undefined> => {
      const answer = await client.unary('AckMessage', {
        group: { name: group },
        topic: { name: topic },
        entries: [{ messageId, receiptHandle }],
      });
      expect(answer.entries[0]?.status?.code ?? answer.status?.code).toBe(answer.status?.code);
      return answer.status?.code;
    };
    const firstId = first?.systemProperties?.messageId ?? '';
    const invalid = differs<number>(environment.target, FORGED);
    expect(await ack(firstId, 'forged')).toBe(invalid);
    const change = await client.unary('ChangeInvisibleDuration', {
      group: { name: group },
      topic: { name: topic },
      messageId: firstId,
      receiptHandle: handleOf(first),
      invisibleDuration: { seconds: 30, nanos: 0 },
    });
    expect(change.status?.code).toBe(Code.OK);
    expect(change.receiptHandle).not.toBe('');
    expect(change.receiptHandle).not.toBe(handleOf(first));
    const forged = await client.unary('ChangeInvisibleDuration', {
      group: { name: group },
      topic: { name: topic },
      messageId: firstId,
      receiptHandle: 'forged',
      invisibleDuration: { seconds: 30, nanos: 0 },
    });
    expect(forged.status?.code).toBe(invalid);
    expect(await ack(firstId, handleOf(first))).toBe(
      differs<number>(environment.target, {
        sluice: Code.INVALID_RECEIPT_HANDLE,
        rocketmq: Code.OK,
        why: 'the broker takes the ack and ignores it; we say that it is dead (wire.md A.9)',
      }),
    );
    expect(await ack(firstId, change.receiptHandle)).toBe(Code.OK);
    expect(await ack(second?.systemProperties?.messageId ?? '', handleOf(second))).toBe(Code.OK);
    end();
  },
};

const mixedAck: Scenario = {
  name: 'an ack of several entries gives each its status, in order, and MULTIPLE_RESULTS over all',
  async run(environment) {
    const { client, send, take, topic, group, end } = await stage(environment);
    await send(2);
    const messages = await take(2);
    const entries = messages.map((message) => ({
      messageId: message.systemProperties?.messageId ?? '',
      receiptHandle: handleOf(message),
    }));
    const answer = await client.unary('AckMessage', {
      group: { name: group },
      topic: { name: topic },
      entries: [
        ...entries.slice(0, 1),
        { messageId: 'x', receiptHandle: 'forged' },
        ...entries.slice(1),
      ],
    });
    expect(answer.status?.code).toBe(Code.MULTIPLE_RESULTS);
    expect(answer.entries.map((entry) => entry.status?.code)).toEqual([
      Code.OK,
      differs<number>(environment.target, FORGED),
      Code.OK,
    ]);
    end();
  },
};

const refused: Scenario = {
  name: 'an illegal receive fails with its own code',
  async run(environment) {
    const { client, request, end } = await stage(environment);
    const outcome = async (more: ReceiveMessageRequestInput, deadlineMs?: number) =>
      statusOf(await client.receive(await request(more), deadlineMs));
    const sql = (expression: string) => ({
      filterExpression: { type: FilterType.SQL, expression },
    });
    expect({
      invisibleTooShort: await outcome({ invisibleDuration: { seconds: 9, nanos: 0 } }),
      invisibleTooLong: await outcome({ invisibleDuration: { seconds: 43_201, nanos: 0 } }),
      pollBeyondDeadline: await outcome({ longPollingTimeout: { seconds: 20, nanos: 0 } }, 4_000),
      sqlFilter: await outcome(sql('a >')),
    }).toEqual({
      invisibleTooShort: Code.ILLEGAL_INVISIBLE_TIME,
      invisibleTooLong: Code.ILLEGAL_INVISIBLE_TIME,
      pollBeyondDeadline: Code.ILLEGAL_POLLING_TIME,
      sqlFilter: differs<number>(environment.target, {
        sluice: Code.ILLEGAL_FILTER_EXPRESSION,
        rocketmq: Code.INTERNAL_SERVER_ERROR,
        why: 'its proxy has no code for what its broker finds wrong with a filter',
      }),
    });
    end();
  },
};

const noSettings: Scenario = {
  name: 'a receive before the settings is served all the same',
  async run(environment) {
    const { topic, group, send, end } = await stage(environment);
    await send(1);
    const stranger = new RawClient(environment.target.endpoints);
    const responses = await stranger.receive(await receiveRequest(stranger, group, topic));
    const expected = differs<number>(environment.target, {
      sluice: Code.OK,
      rocketmq: Code.INTERNAL_SERVER_ERROR,
      why: 'the proxy reads the settings without looking whether it has any: a null pointer',
    });
    expect(statusOf(responses)).toBe(expected);
    stranger.close();
    end();
  },
};

export const receiveCases: readonly Scenario[] = [
  order,
  fields,
  handles,
  mixedAck,
  refused,
  noSettings,
];
