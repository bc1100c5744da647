import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { NOBODY, decodeMember } from '#broker/store/members';
import type { Caller } from '#broker/store/members';
import type { Core } from '#broker/core';
import { NAME, TRACE } from '#lib/limits';
import { FaultyCore } from '#support/faulty-core';

const alice: Caller = { clientId: 'alice@1', peer: '10.0.0.1:4000', language: 'JAVA' };

describe('members', () => {
  let faulty: FaultyCore;
  let core: Core;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    core = faulty.core;
  });

  afterEach(() => faulty.dispose());

  async function whoIs(position: number): Promise<Caller> {
    await core.store.whenCommitted(core.store.end);
    return decodeMember(await core.store.readAt(position));
  }

  test('are written once, and once more for another connection or segment', async () => {
    const first = core.members.positionOf(alice);
    const { end } = core.store;
    expect(core.members.positionOf({ ...alice })).toBe(first);
    expect(core.members.textOf(alice)?.toString()).toBe(String(first));
    expect(core.store.end).toBe(end);
    expect(await whoIs(first)).toEqual(alice);
    const moved = { ...alice, peer: '10.0.0.1:4001' };
    const second = core.members.positionOf(moved);
    expect(second).toBeGreaterThan(first);
    expect([core.members.positionOf(alice), core.members.positionOf(moved)]).toEqual([
      first,
      second,
    ]);
    core.members.forget();
    expect(core.members.positionOf(alice)).toBeGreaterThan(second);
  });

  test('begin anew with a segment, and after a restart', async () => {
    const first = core.members.positionOf(alice);
    faulty.clock.advance(24 * 3_600_000 + 1);
    await core.store.retain(); // which ends a segment that is that old
    await core.store.retain();
    const second = core.members.positionOf(alice);
    expect(second).toBeGreaterThan(first);
    await faulty.restart('lost');
    core = faulty.core;
    const third = core.members.positionOf(alice);
    expect(third).toBeGreaterThan(second);
    expect(await whoIs(second)).toEqual(alice);
  });

  test('who says nothing of itself is nobody', () => {
    const { end } = core.store;
    expect(core.members.positionOf(undefined)).toBe(NOBODY);
    expect(core.members.positionOf({ ...alice, clientId: '' })).toBe(NOBODY);
    expect(core.members.textOf({ ...alice, clientId: '' })).toBeUndefined();
    expect(core.store.end).toBe(end);
  });

  test('say no more than fits', async () => {
    const long = { clientId: 'ä'.repeat(1000), peer: 'p'.repeat(1000), language: 'l'.repeat(1000) };
    const { clientId, peer, language } = await whoIs(core.members.positionOf(long));
    expect(clientId).toContain('ä'.repeat(127));
    expect(Buffer.byteLength(clientId)).toBeLessThanOrEqual(NAME.clientIdBytesMax + 2);
    expect([peer.length, language.length]).toEqual([TRACE.addressBytesMax, TRACE.languageBytesMax]);
  });

  test('too many are forgotten, and written again', () => {
    const first = core.members.positionOf(alice);
    for (let i = 0; i < TRACE.membersKept; i++) {
      core.members.positionOf({ ...alice, clientId: `client-${i}` });
    }
    expect(core.members.positionOf(alice)).toBeGreaterThan(first);
  });

  test('nobody is named while the log takes nothing', async () => {
    faulty.files.fail({ operation: 'write', nth: 0, code: 'ENOSPC', times: 1000 });
    await expect(core.topics.create('orders', 'normal', 1)).rejects.toMatchObject({
      code: 'DISK_FULL',
    });
    expect(core.members.positionOf(alice)).toBe(NOBODY);
  });
});
