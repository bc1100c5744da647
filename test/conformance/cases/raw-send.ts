import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { Code, MessageType } from '#proto/types';
import type { MessageInput } from '#proto/types';
import { RawClient, newMessageId, normalMessage, producerSettings } from '../raw-client.ts';
import type { Environment, Scenario } from '../scenario.ts';
import { differs, uniqueName } from '../target.ts';
import { AWAIT_MS, collect, idsOf } from './collect.ts';

const MIB = 1024 * 1024;

/** A client with an open session, as those that send have one. */
async function producer(
  { target }: Environment,
  kind: 'normal' | 'delay' | 'fifo' | 'transaction' = 'normal',
): Promise<{ client: RawClient; topic: string; end(): void }> {
  const topic = uniqueName(`raw_${kind}`);
  await target.createTopic(topic, kind, 4);
  const client = new RawClient(target.endpoints);
  const telemetry = client.telemetry();
  telemetry.write({ settings: producerSettings(client, [topic]) });
  await telemetry.settings();
  const end = (): void => {
    telemetry.end();
    client.close();
  };
  return { client, topic, end };
}

const receipt: Scenario = {
  name: 'a receipt has the status, the message id as sent and the offset',
  async run(environment) {
    const { client, topic, end } = await producer(environment);
    for (const messageId of [newMessageId(), 'AN-ID-OF-ANOTHER-SHAPE']) {
      const message = normalMessage(topic, { messageId });
      const answer = await client.unary('SendMessage', { messages: [message] });
      expect(answer.status?.code).toBe(Code.OK);
      expect(answer.entries).toHaveLength(1);
      expect(answer.entries[0]).toMatchObject({ messageId, status: { code: Code.OK } });
      expect(answer.entries[0]?.offset).toBeGreaterThanOrEqual(0);
    }
    end();
  },
};

const anyQueue: Scenario = {
  name: 'messages sent to every queue reach a simple consumer that asks for queue 0 only',
  async run(environment) {
    // The Node client takes only queue 0 of a route, for sending and for receiving.
    const { client, topic, end } = await producer(environment);
    const group = uniqueName('g_any_queue');
    await environment.target.createGroup(group);
    const ids: string[] = [];
    for (let queueId = 0; queueId < 8; queueId += 1) {
      const messageId = newMessageId();
      const message = normalMessage(topic, { messageId, queueId: queueId % 4 });
      const answer = await client.unary('SendMessage', { messages: [message] });
      expect(answer.status?.code).toBe(Code.OK);
      ids.push(messageId);
    }
    const consumer = await environment.clients.simpleConsumer({ group, topic }, AWAIT_MS);
    expect(idsOf(await collect(consumer, ids.length))).toEqual(ids.toSorted());
    end();
  },
};

function refusals(environment: Environment, topic: string): [string, MessageInput, number][] {
  const missing = uniqueName('missing');
  const unknownTopic = differs(environment.target, {
    sluice: Code.TOPIC_NOT_FOUND,
    rocketmq: Code.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE,
    why: 'the proxy takes an unknown topic for one without a kind; we say what is wrong',
  });
  return [
    ['largest body', normalMessage(topic, {}, { body: Buffer.alloc(4 * MIB, 1) }), Code.OK],
    [
      'body too large',
      normalMessage(topic, {}, { body: Buffer.alloc(4 * MIB + 1, 1) }),
      Code.MESSAGE_BODY_TOO_LARGE,
    ],
    ['no body', normalMessage(topic, {}, { body: Buffer.alloc(0) }), Code.MESSAGE_BODY_EMPTY],
    ['unknown topic', normalMessage(missing), unknownTopic],
    ['illegal topic', normalMessage('no/slash'), Code.ILLEGAL_TOPIC],
    ['no topic', normalMessage(''), Code.ILLEGAL_TOPIC],
    ['reserved topic', normalMessage('TBW102'), Code.ILLEGAL_TOPIC],
    ['blank tag', normalMessage(topic, { tag: ' ' }), Code.ILLEGAL_MESSAGE_TAG],
    ['empty tag, which is none', normalMessage(topic, { tag: '' }), Code.OK],
    ['tag with a bar', normalMessage(topic, { tag: 'a|b' }), Code.ILLEGAL_MESSAGE_TAG],
    ['blank key', normalMessage(topic, { keys: [' '] }), Code.ILLEGAL_MESSAGE_KEY],
    ['no id', normalMessage(topic, { messageId: '' }), Code.ILLEGAL_MESSAGE_ID],
    [
      'reserved property',
      normalMessage(topic, {}, { userProperties: { TAGS: 'x' } }),
      Code.ILLEGAL_MESSAGE_PROPERTY_KEY,
    ],
    [
      'properties too large',
      normalMessage(topic, {}, { userProperties: { a: 'x'.repeat(16 * 1024) } }),
      Code.MESSAGE_PROPERTIES_TOO_LARGE,
    ],
    [
      'another kind',
      normalMessage(topic, { messageType: MessageType.FIFO, messageGroup: 'one' }),
      Code.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE,
    ],
    [
      'message group of a normal message',
      normalMessage(topic, { messageGroup: ' ' }),
      Code.ILLEGAL_MESSAGE_GROUP,
    ],
    [
      'message group of 64 bytes',
      normalMessage(topic, { messageGroup: 'g'.repeat(64) }),
      Code.ILLEGAL_MESSAGE_GROUP,
    ],
  ];
}

/** As clients do, tries again what was turned away only because the server is busy. */
async function sendCode(client: RawClient, message: MessageInput): Promise<number | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const { status } = await client.unary('SendMessage', { messages: [message] });
    if (status?.code !== Code.TOO_MANY_REQUESTS || attempt === 5) return status?.code;
    await sleep(500);
  }
}

const refused: Scenario = {
  name: 'an illegal message fails with its own code and is not stored',
  async run(environment) {
    const { client, topic, end } = await producer(environment);
    const outcomes: [string, number | undefined][] = [];
    const cases = refusals(environment, topic);
    for (const [what, message] of cases) {
      outcomes.push([what, await sendCode(client, message)]);
    }
    expect(outcomes).toEqual(cases.map(([what, , code]) => [what, code]));
    end();
  },
};

const mixedTopics: Scenario = {
  name: 'a request with two topics fails with MESSAGE_CORRUPTED, one without messages is refused',
  async run(environment) {
    const { client, topic, end } = await producer(environment);
    const messages = [normalMessage(topic), normalMessage(`${topic}2`)];
    const mixed = await client.unary('SendMessage', { messages });
    expect(mixed.status?.code).toBe(Code.MESSAGE_CORRUPTED);
    const none = await client.unary('SendMessage', { messages: [] });
    expect(none.status?.code).toBe(
      differs<number>(environment.target, {
        sluice: Code.BAD_REQUEST,
        rocketmq: Code.MESSAGE_CORRUPTED,
        why: 'nothing is corrupted in a request that lacks its messages',
      }),
    );
    end();
  },
};

const batch: Scenario = {
  name: 'several messages of one request get an entry each, in order',
  async run(environment) {
    const { client, topic, end } = await producer(environment);
    const messages = [1, 2, 3].map(() => normalMessage(topic));
    const answer = await client.unary('SendMessage', { messages });
    const ids = messages.map((message) => message.systemProperties?.messageId);
    expect(answer.status?.code).toBe(Code.OK);
    expect(answer.entries.map((entry) => entry.messageId)).toEqual(
      differs(environment.target, {
        sluice: ids,
        rocketmq: [ids.join(',')],
        why: 'it stores a batch and answers with one entry of joined ids, which no client expects',
      }),
    );
    end();
  },
};

export const sendCases: readonly Scenario[] = [receipt, anyQueue, refused, mixedTopics, batch];
