/** A broadcast group over the wire: every member pulls everything, from a place of its own. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import type { Core } from '#broker/core';
import { ClientType, Code, QueryOffsetPolicy } from '#proto/types';
import { openClientDoor } from '#support/client-door';
import type { ClientDoor } from '#support/client-door';
import { send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';
import { until } from '#support/until';
import { RawClient, consumerSettings } from '../../conformance/raw-client.ts';

const QUEUES = 2;
const GROUP = { name: 'caches' };
const INVALID_ARGUMENT = 3;

let faulty: FaultyCore;
let core: Core;
let door: ClientDoor;
let members: Member[];

/** What a client library's pull consumer does: asks where to begin, pulls, stores how far it is. */
class Member {
  readonly client: RawClient;
  readonly got: string[] = [];

  constructor(clientId: string) {
    this.client = new RawClient(door.address, clientId);
  }

  async assigned(): Promise<number[]> {
    const { status, assignments } = await this.client.unary('QueryAssignment', {
      topic: { name: 'prices' },
      group: GROUP,
      endpoints: this.client.accessPoint(),
    });
    expect(status?.code).toBe(Code.OK);
    return assignments.map(({ messageQueue }) => messageQueue?.id ?? -1);
  }

  /** Its own place, or where its policy says. */
  async begin(queue: number, queryOffsetPolicy: number): Promise<number> {
    const messageQueue = { topic: { name: 'prices' }, id: queue };
    const stored = await this.client.unary('GetOffset', { group: GROUP, messageQueue });
    if (stored.status?.code === Code.OK) return stored.offset;
    expect(stored.status?.code).toBe(Code.OFFSET_NOT_FOUND);
    const answer = await this.client.unary('QueryOffset', { messageQueue, queryOffsetPolicy });
    expect(answer.status?.code).toBe(Code.OK);
    return answer.offset;
  }

  /** Reads on in all queues, and says how far it came. */
  async read(queryOffsetPolicy: number = QueryOffsetPolicy.BEGINNING): Promise<void> {
    for (const id of await this.assigned()) {
      const messageQueue = { topic: { name: 'prices' }, id };
      const offset = await this.begin(id, queryOffsetPolicy);
      const answers = await this.client.pull({
        group: GROUP,
        messageQueue,
        offset,
        batchSize: 32,
        longPollingTimeout: { seconds: 0, nanos: 0 },
      });
      expect(answers[0]?.status?.code).toBe(Code.OK);
      const messages = answers.flatMap(({ message }) => (message ? [message] : []));
      this.got.push(...messages.map((each) => each.systemProperties?.messageId ?? ''));
      const next = answers.at(-1)?.nextOffset ?? 0;
      const update = { group: GROUP, messageQueue, offset: next };
      expect((await this.client.unary('UpdateOffset', update)).status?.code).toBe(Code.OK);
    }
  }
}

beforeEach(async () => {
  faulty = await FaultyCore.open();
  await faulty.core.topics.create('prices', 'normal', QUEUES);
  await faulty.core.groups.create('caches', { broadcast: true });
  members = [];
  await openDoor();
});

afterEach(async () => {
  await closeDoor();
  await faulty.dispose();
});

async function openDoor(): Promise<void> {
  core = faulty.core;
  door = await openClientDoor(core, faulty.clock);
}

async function closeDoor(): Promise<void> {
  for (const { client } of members) client.close();
  members = [];
  core.consumption.polls.close();
  await door.stop();
}

function member(clientId: string): Member {
  const made = new Member(clientId);
  members.push(made);
  return made;
}

async function fill(ids: readonly string[]): Promise<void> {
  const topic = core.topics.get('prices');
  for (const [i, id] of ids.entries()) await send(core, topic, { id, queueId: i % QUEUES });
}

test('every member gets everything, and goes on where it was after a crash', async () => {
  await fill(['A', 'B', 'C']);
  const one = member('one');
  await one.read();
  expect(one.got.toSorted()).toEqual(['A', 'B', 'C']);
  await fill(['D', 'E']);
  const two = member('two');
  await two.read();
  expect(two.got.toSorted()).toEqual(['A', 'B', 'C', 'D', 'E']);
  await closeDoor();
  await faulty.crash('dropped', 'lost');
  await openDoor();
  await fill(['F']);
  const [oneAgain, twoAgain] = [member('one'), member('two')];
  await Promise.all([oneAgain.read(), twoAgain.read()]);
  expect(oneAgain.got.toSorted()).toEqual(['D', 'E', 'F']);
  expect(twoAgain.got).toEqual(['F']);
});

test('a member that is new begins where its policy says', async () => {
  await fill(['A', 'B']);
  const latest = member('latest');
  await latest.read(QueryOffsetPolicy.END);
  await fill(['C']);
  await latest.read(QueryOffsetPolicy.END);
  expect(latest.got).toEqual(['C']);
});

test('is served in the standard edition, where no other group may pull', async () => {
  core.mode.set({ edition: 'standard', readOnly: false });
  await fill(['A']);
  const one = member('one');
  const telemetry = one.client.telemetry();
  telemetry.write({
    settings: consumerSettings(one.client, ClientType.PULL_CONSUMER, 'caches', 'prices'),
  });
  await telemetry.settings();
  await one.read();
  expect(one.got).toEqual(['A']);
  telemetry.end();
});

test('nothing is handed out with a lease, and push and simple consumers are refused', async () => {
  await fill(['A']);
  const { client } = member('one');
  const answers = await client.receive({
    group: GROUP,
    messageQueue: { topic: { name: 'prices' }, id: -1 },
    filterExpression: { type: 1, expression: '*' },
    batchSize: 1,
    invisibleDuration: { seconds: 30, nanos: 0 },
    longPollingTimeout: { seconds: 0, nanos: 0 },
  });
  expect(answers[0]?.status).toMatchObject({
    code: Code.FORBIDDEN,
    message: expect.stringContaining('caches is a broadcast group'),
  });
  for (const kind of [ClientType.PUSH_CONSUMER, ClientType.SIMPLE_CONSUMER]) {
    const telemetry = client.telemetry();
    telemetry.write({ settings: consumerSettings(client, kind, 'caches', 'prices') });
    await until(
      5000,
      () => telemetry.endedWith !== undefined,
      () => 'the stream goes on',
    );
    expect(telemetry.endedWith).toBe(INVALID_ARGUMENT);
    telemetry.end();
  }
});
