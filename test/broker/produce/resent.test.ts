import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Core } from '#broker/core';
import { sendMessage } from '#broker/grpc/send-message';
import { RESENT, STORE } from '#lib/limits';
import { Code } from '#proto/codes';
import { codec } from '#proto/messages';
import { MessageType } from '#proto/types';
import type { MessageInput, SystemPropertiesInput } from '#proto/types';
import { idOf, receive } from '#support/core';
import { FaultyCore } from '#support/faulty-core';
import { TestCall, encode, servicesOf } from '#support/services';
import { until } from '#support/until';

const answer = codec('SendMessageResponse');
const SEGMENT_BYTES = 8 * 1024;

function message(messageId: string, more: MessageInput = {}): MessageInput {
  const systemProperties: SystemPropertiesInput = {
    messageId,
    messageType: MessageType.NORMAL,
    ...more.systemProperties,
  };
  return { topic: { name: 'orders' }, body: Buffer.from('hello'), ...more, systemProperties };
}

describe('a message that is sent again', () => {
  let faulty: FaultyCore;

  beforeEach(async () => {
    faulty = await FaultyCore.open({ segmentBytes: SEGMENT_BYTES });
    await core().topics.create('orders', 'normal', 2);
    await core().groups.create('billing');
  });

  afterEach(() => faulty.dispose());

  function core(): Core {
    return faulty.core;
  }

  async function send(...messages: MessageInput[]) {
    const request = encode('SendMessageRequest', { messages });
    const services = servicesOf(core(), faulty.clock);
    return answer.decode(await sendMessage.handle(request, new TestCall(), services));
  }

  async function offsetOf(sent: MessageInput): Promise<number> {
    const { status, entries } = await send(sent);
    expect(status?.code).toBe(Code.OK);
    return entries[0]?.offset ?? -1;
  }

  async function stored(topic = 'orders'): Promise<string[]> {
    const { groups, topics } = core();
    const group = groups.get('billing');
    const found: string[] = [];
    for (;;) {
      const some = await receive(core(), group, topics.get(topic));
      if (some.length === 0) return found.sort();
      found.push(...some.map(idOf));
    }
  }

  test('is stored once, and answered as the first time', async () => {
    for (const id of ['X', 'Y', 'Z']) await send(message(id));
    const first = await send(message('A'));
    for (let i = 0; i < 5; i++) expect(await send(message('A'))).toEqual(first);
    expect(core().resent.answered).toBe(5);
    expect(core().traffic.in.get('orders')?.messages).toBe(4);
    expect(await stored()).toEqual(['A', 'X', 'Y', 'Z']);
  });

  test('waits with the first one for the disk', async () => {
    await core().store.whenCommitted(core().store.end);
    const release = faulty.files.hold('sync');
    const answers: number[] = [];
    const sends = [1, 2, 3].map(async () => answers.push(await offsetOf(message('A'))));
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(answers).toEqual([]);
    release();
    await Promise.all(sends);
    expect(answers).toEqual([0, 0, 0]);
    expect(await stored()).toEqual(['A']);
  });

  test('is stored when the first one was refused', async () => {
    const refused = send(message('A', { systemProperties: { tag: 'a|b' } }));
    await expect(refused).rejects.toMatchObject({ code: 'ILLEGAL_MESSAGE_TAG' });
    await offsetOf(message('A'));
    expect(core().resent.answered).toBe(0);
    expect(await stored()).toEqual(['A']);
  });

  test('is the first one, whatever is in it', async () => {
    await send(message('A', { body: Buffer.from('one') }));
    expect(await offsetOf(message('A', { body: Buffer.from('two') }))).toBe(0);
    const { groups, topics } = core();
    const found = await receive(core(), groups.get('billing'), topics.get('orders'));
    expect(found.map(({ message: { body } }) => String(body))).toEqual(['one']);
  });

  test('in the same request is stored once', async () => {
    const { entries } = await send(message('A'), message('B'), message('A'));
    expect(entries.map(({ status }) => status?.code)).toEqual([Code.OK, Code.OK, Code.OK]);
    expect(entries[2]?.offset).toBe(entries[0]?.offset);
    expect(await stored()).toEqual(['A', 'B']);
  });

  test('to another topic is another message', async () => {
    await core().topics.create('bills', 'normal', 1);
    await send(message('A'));
    await send(message('A', { topic: { name: 'bills' } }));
    expect(core().resent.answered).toBe(0);
    expect(await stored('bills')).toEqual(['A']);
  });

  test('to a topic that was made anew is another message', async () => {
    await send(message('A'));
    await core().topics.delete('orders');
    await core().topics.create('orders', 'normal', 2);
    await send(message('A'));
    expect(core().resent.answered).toBe(0);
    expect(await stored()).toEqual(['A']);
  });

  test('is known at any time within 10 minutes, in whatever segment and index it is', async () => {
    const offsets = new Map<string, number>();
    for (let i = 0; i < 200; i++) {
      offsets.set(`M${i}`, await offsetOf(message(`M${i}`)));
      await faulty.clock.advanceAsync(RESENT.windowMs / 200 - 1);
      if (i % 50 === 0) await core().store.materialize();
    }
    for (const [id, offset] of offsets) expect(await offsetOf(message(id))).toBe(offset);
    expect(core().resent.answered).toBe(200);
  });

  test('later is a new message', async () => {
    await send(message('A'));
    await faulty.clock.advanceAsync(RESENT.windowMs + 1);
    await send(message('A'));
    expect(await stored()).toEqual(['A', 'A']);
  });

  for (const index of ['left', 'lost'] as const) {
    test(`is known after a crash (index ${index})`, async () => {
      const offsets = new Map<string, number>();
      for (let i = 0; i < 100; i++) offsets.set(`M${i}`, await offsetOf(message(`M${i}`)));
      await core().store.materialize();
      for (let i = 100; i < 150; i++) offsets.set(`M${i}`, await offsetOf(message(`M${i}`)));
      await faulty.crash('dropped', index);
      for (const [id, offset] of offsets) expect(await offsetOf(message(id))).toBe(offset);
      expect(await offsetOf(message('new'))).toBe(75);
      expect(core().resent.answered).toBe(150);
      expect(await stored()).toHaveLength(151);
    });
  }

  test('is stored when the first one was lost in a crash', async () => {
    await send(message('before'));
    const release = faulty.files.hold('sync');
    const lost = send(message('A')).catch(() => undefined);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    const crashed = faulty.crash('dropped');
    release();
    await Promise.all([lost, crashed]);
    await send(message('A'));
    expect(core().resent.answered).toBe(0);
    expect(await stored()).toEqual(['A', 'before']);
  });

  test('after a restart is known by when it was stored', async () => {
    await send(message('old'));
    faulty.clock.advance(RESENT.windowMs);
    await send(message('young'));
    faulty.clock.advance(1);
    await faulty.restart();
    await send(message('old'));
    await send(message('young'));
    expect(core().resent.answered).toBe(1);
    expect(await stored()).toEqual(['old', 'old', 'young']);
  });

  test('is answered also while the disk is full', async () => {
    await send(message('A'));
    faulty.files.fail({
      operation: 'write',
      nth: 0,
      code: 'ENOSPC',
      times: 1000,
      bytesWritten: 50,
    });
    await expect(send(message('B'))).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await offsetOf(message('A'))).toBe(0);
    // What the full disk refused is in doubt, and stays so for whoever sends it again.
    await expect(send(message('B'))).rejects.toMatchObject({ code: 'DISK_FULL' });
    faulty.files.heal();
    await until(2_000, async () => {
      await faulty.clock.advanceAsync(STORE.diskCheckMs);
      return core().store.readOnlyReason === undefined;
    });
    expect(await offsetOf(message('B'))).toBe(0);
    expect(core().resent.answered).toBe(2);
    expect(await stored()).toEqual(['A', 'B']);
  });

  test('costs nothing but a look when there are very many at once', async () => {
    await send(message('A'));
    const answers = await Promise.all(Array.from({ length: 3000 }, () => offsetOf(message('A'))));
    expect(new Set(answers)).toEqual(new Set([0]));
    expect(await stored()).toEqual(['A']);
  });

  test('is turned away when too many others are looked up', async () => {
    const count = RESENT.lookupsAtOnce + RESENT.lookupsWaitingMax + 10;
    for (let i = 0; i < count; i++) void send(message(`M${i}`));
    await send(message('last'));
    const results = await Promise.allSettled(
      Array.from({ length: count }, (_, i) => send(message(`M${i}`))),
    );
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(10);
    expect(refused[0]).toMatchObject({ reason: { code: 'TOO_MANY_REQUESTS' } });
    expect((await stored()).length).toBe(count + 1);
  });
});
