/** The checker itself: each kind of fault, planted, is found; what is allowed is not. */
import { beforeEach, describe, expect, test } from '@jest/globals';

import { History } from '#support/history';
import type { FoundMessage } from '#support/history';
import type { SentMessage } from '#support/history-senders';

const TOPIC = 'orders';
const BILLING = 'billing';

let history: History;

beforeEach(() => {
  history = new History();
  history.topicCreated(TOPIC);
});

function store(id: string, more: Partial<SentMessage> = {}, offset?: number): void {
  history.sending({ id, topic: TOPIC, body: Buffer.from(id), ...more });
  history.stored(id, offset);
}

function deliver(id: string, atMs?: number, group = BILLING): void {
  const body = Buffer.from(id);
  history.delivered(group, { id, topic: TOPIC, body, ...(atMs === undefined ? {} : { atMs }) });
}

function found(id: string, offset: number, body = id): FoundMessage {
  return { id, topic: TOPIC, queueId: 0, offset, body: Buffer.from(body) };
}

/** What is wrong, of the history as of a copy of it. */
function wrong(): readonly string[] {
  expect(history.clone().violations).toEqual(history.violations);
  return history.violations;
}

describe('loss', () => {
  test('of what was stored: it never comes, or is not there', () => {
    store('A');
    store('B');
    history.sending({ id: 'C', topic: TOPIC }); // nobody was promised anything
    deliver('A');
    history.drained(BILLING, TOPIC);
    expect(wrong()).toEqual(['B was stored and never came to billing']);
    history.foundAll([found('B', 0)]);
    expect(wrong()[1]).toBe('A was stored and is lost');
  });

  test('is one for each group that consumes', () => {
    store('A');
    deliver('A');
    history.drained('audit', TOPIC);
    expect(wrong()).toEqual(['A was stored and never came to audit']);
  });

  test('is none of what retention took, what was deleted, or what is done', () => {
    for (const id of ['A', 'B', 'C']) store(id);
    history.mayExpire('A');
    history.acking(BILLING, 'B'); // the answer may have been lost
    history.deadLettered(BILLING, 'C');
    history.drained(BILLING, TOPIC);
    history.topicDeleting(TOPIC);
    history.foundAll([]);
    expect(wrong()).toEqual([]);
  });
});

describe('what there is', () => {
  test('was sent, as it is, where it is, once, and without gaps', () => {
    store('A', {}, 0);
    store('B', { queueId: 1 }, 1);
    history.foundAll([found('A', 0, 'other'), found('B', 1), found('A', 3), found('X', 4)]);
    expect(wrong().toSorted()).toEqual(
      [
        'A has another body',
        'A is there twice',
        'A is at 0/3 now',
        'B is at 0/1 now',
        'orders/0 has a gap before offset 3',
        'nobody sent X',
      ].toSorted(),
    );
  });

  test('is what was sent to that topic', () => {
    store('A');
    history.delivered(BILLING, { id: 'A', topic: 'other' });
    expect(wrong()).toEqual(['A is in other']);
  });

  test('may be heard of before its sender is', () => {
    history.delivered(BILLING, { id: 'A', topic: TOPIC });
    expect(wrong()).toEqual(['nobody sent A']);
    history.sending({ id: 'A', topic: TOPIC });
    expect(wrong()).toEqual([]);
  });
});

describe('acknowledged', () => {
  test('is done: it does not come again', () => {
    store('A');
    deliver('A');
    history.acking(BILLING, 'A');
    deliver('A'); // not answered yet
    history.acked(BILLING, 'A');
    expect(wrong()).toEqual([]);
    deliver('A', undefined, 'audit'); // another group
    expect(wrong()).toEqual([]);
    deliver('A');
    expect(wrong()).toEqual(['A was delivered to billing after its ack was answered']);
    expect([history.duplicates, history.ackedCount, history.receivedCount]).toEqual([2, 1, 2]);
  });

  test('is a place of its own where a message is there twice', () => {
    store('A');
    const at = (offset: number, attempt = 1) => {
      const place = { queue: 'q', offset, attempt };
      history.delivered(BILLING, { id: 'A', topic: TOPIC, place });
    };
    at(0);
    history.acked(BILLING, 'A', { queue: 'q', offset: 0 });
    at(1); // it was sent again, since the answer got lost
    expect(wrong()).toEqual([]);
    at(0, 2);
    expect(wrong()).toHaveLength(1);
  });
});

describe('order of a queue', () => {
  const receive = (id: string, offset: number, attempt = 1): void => {
    if (offset >= 0) history.sending({ id, topic: TOPIC });
    const place = { queue: 'q', offset: Math.abs(offset), attempt };
    history.delivered(BILLING, { id, topic: TOPIC, place });
  };

  test('is kept by what comes for the first time', () => {
    receive('B', 1);
    receive('D', 3);
    receive('A', 0, 2); // was out before
    receive('B', -1, 2);
    expect(wrong()).toEqual([]);
    receive('C', 2);
    expect(wrong()).toEqual(['C, q/2, came after 3']);
    expect(history.queues).toEqual(['q']);
  });

  test('may break by as many as were lost on their way', () => {
    receive('D', 3);
    history.lost(BILLING, 'q', 2);
    for (const [i, id] of ['A', 'B', 'C'].entries()) receive(id, i);
    expect(wrong()).toEqual(['C, q/2, came after 3']);
  });
});

describe('order of a message group', () => {
  const line = { messageGroup: 'user-1' };

  beforeEach(() => history.ordered(BILLING));

  test('is that of the sends, one after the other', () => {
    for (const id of ['A', 'B', 'C']) store(id, line);
    store('X', { messageGroup: 'user-2' });
    for (const id of ['A', 'X', 'C']) deliver(id);
    expect(wrong()).toEqual(['C came to billing before B']);
  });

  test('is held by what is done too: nothing after what failed', () => {
    for (const id of ['A', 'B']) store(id, line);
    for (const id of ['A', 'B']) deliver(id);
    history.acking(BILLING, 'B');
    expect(wrong()).toEqual(['B was done by billing before A']);
  });

  test('goes on after a dead letter, and after what retention took', () => {
    for (const id of ['A', 'B', 'C']) store(id, line);
    history.mayExpire('A');
    history.deadLettered(BILLING, 'B');
    deliver('C');
    history.acking(BILLING, 'C');
    expect(wrong()).toEqual([]);
  });

  test('is none between sends under way at once, nor of what may not be stored', () => {
    history.sending({ id: 'A', topic: TOPIC, ...line });
    history.sending({ id: 'B', topic: TOPIC, ...line });
    history.sending({ id: 'C', topic: TOPIC, ...line }); // fails, or is it there?
    history.stored('B');
    history.stored('A');
    store('D', line);
    for (const id of ['B', 'A', 'D', 'C']) deliver(id);
    for (const id of ['B', 'A', 'D']) history.acking(BILLING, id);
    expect(wrong()).toEqual([]);
  });

  test('is promised to ordered groups alone', () => {
    for (const id of ['A', 'B']) store(id, line);
    deliver('B', undefined, 'audit');
    expect(wrong()).toEqual([]);
  });

  test('is known to a copy as to the original', () => {
    for (const id of ['A', 'B', 'C']) store(id, line);
    deliver('A');
    const copy = history.clone();
    copy.delivered(BILLING, { id: 'C', topic: TOPIC });
    expect(copy.violations).toEqual(['C came to billing before B']);
    deliver('B');
    deliver('C');
    expect(wrong()).toEqual([]);
  });
});

describe('scheduled', () => {
  test('is never early, and by how much it is late is known', () => {
    for (const id of ['A', 'B']) store(id, { dueMs: 1000 });
    deliver('A', 999);
    deliver('B', 1400);
    deliver('B', 9000); // a redelivery says nothing of the timer
    expect(wrong()).toEqual(['A is seen 1 ms too early']);
    expect(history.latestMs).toBe(400);
  });

  test('is lost only once it was due', () => {
    store('A', { dueMs: 1000 });
    history.drained(BILLING, TOPIC, 999);
    history.foundAll([], 999);
    expect(wrong()).toEqual([]);
    history.foundAll([], 1000);
    history.drained(BILLING, TOPIC, 1000);
    expect(wrong()).toEqual(['A was stored and is lost', 'A was stored and never came to billing']);
  });

  test('is not in a queue before it is due', () => {
    store('A', { dueMs: 1000 });
    history.foundAll([found('A', 0)], 900);
    expect(wrong()).toEqual(['A is seen 100 ms too early']);
  });

  test('and recalled never comes; while that is not answered, it may', () => {
    for (const id of ['A', 'B']) store(id, { dueMs: 1000 });
    history.recalling('A');
    deliver('A', 2000);
    history.recalled('B');
    history.drained(BILLING, TOPIC, 2000);
    expect(wrong()).toEqual([]);
    deliver('B', 2000);
    expect(wrong()).toEqual(['B is seen, but was recalled']);
  });
});

describe('a transaction', () => {
  const half = { half: true };

  test('is seen only once its commit was asked for', () => {
    for (const id of ['A', 'B', 'C', 'D']) store(id, half);
    history.ending('B', 'commit');
    history.ending('C', 'rollback');
    history.ended('D', 'rollback');
    for (const id of ['A', 'B', 'C', 'D']) deliver(id);
    expect(wrong()).toEqual([
      'A is seen, but nobody committed it',
      'C is seen, but nobody committed it',
      'D is seen, but nobody committed it',
      'D is seen, but was rolled back',
    ]);
  });

  test('that was committed is lost when it does not come, any other is not', () => {
    for (const id of ['A', 'B', 'C', 'D']) store(id, half);
    history.ended('A', 'commit');
    history.ended('B', 'rollback');
    history.ending('C', 'commit'); // not answered
    history.drained(BILLING, TOPIC);
    history.foundAll([]);
    expect(wrong()).toEqual(['A was stored and never came to billing', 'A was stored and is lost']);
  });

  test('ends in one way', () => {
    store('A', half);
    history.ended('A', 'rollback');
    history.ended('A', 'rollback');
    expect(wrong()).toEqual([]);
    history.ended('A', 'commit');
    expect(wrong()).toEqual(['A ended by rollback and by commit']);
  });
});

describe('dead letters', () => {
  test('have one copy, of what was sent and is not done', () => {
    for (const id of ['A', 'B', 'C']) store(id);
    history.deadLettered(BILLING, 'A');
    history.deadLettered('audit', 'A');
    expect(wrong()).toEqual([]);
    history.deadLettered(BILLING, 'A');
    history.acked(BILLING, 'B');
    history.deadLettered(BILLING, 'B');
    history.deadLettered(BILLING, 'X');
    deliver('A');
    expect(wrong()).toEqual([
      'A is twice in the dead letters of billing',
      'B is a dead letter of billing after its ack was answered',
      'A came to billing from its dead letters',
      'nobody sent X',
    ]);
  });
});

describe('progress', () => {
  test('does not go back', () => {
    history.committed(BILLING, TOPIC, 0, 5);
    history.committed(BILLING, TOPIC, 0, 4); // an answer that was overtaken
    history.foundProgress(BILLING, TOPIC, 0, 5);
    history.foundProgress(BILLING, TOPIC, 1, 0);
    expect(wrong()).toEqual([]);
    history.foundProgress(BILLING, TOPIC, 0, 4);
    expect(wrong()).toEqual(['the progress of billing in orders/0 went back from 5 to 4']);
  });

  test('that was promised is known, unless topic or member may be gone', () => {
    history.topicCreated('gone');
    history.committed(BILLING, TOPIC, 3, 5);
    history.committed('caches/a', TOPIC, 0, 5);
    history.committed(BILLING, 'gone', 0, 5);
    history.topicDeleting('gone');
    history.mayForget('caches/a');
    expect([...history.promisedProgress()]).toEqual([{ group: BILLING, topic: TOPIC, queueId: 3 }]);
  });
});
