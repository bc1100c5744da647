import { beforeEach, describe, expect, test } from '@jest/globals';

import { Sessions } from '#broker/client/sessions';
import type { ClientFacts, SessionStream } from '#broker/client/sessions';
import { SESSION } from '#lib/limits';
import { ManualClock } from '#support/manual-clock';

function factsOf(clientId: string): ClientFacts {
  const rest = { kind: 'push', group: 'billing', language: 'JAVA', version: '5' } as const;
  return { clientId, peer: '127.0.0.1:1', ...rest };
}

describe('sessions', () => {
  let clock: ManualClock;
  let sessions: Sessions;
  let gone: string[];
  let ended: string[];

  beforeEach(() => {
    clock = new ManualClock(0);
    sessions = new Sessions(clock);
    gone = [];
    ended = [];
    sessions.onGone = ({ facts }) => gone.push(facts.clientId);
  });

  function connect(clientId: string, name = clientId): SessionStream {
    const stream = { end: () => void ended.push(name) };
    sessions.register(factsOf(clientId), stream);
    return stream;
  }

  /** Time goes by, with a heartbeat every 10 s. */
  function stay(clientId: string, ms: number): void {
    for (let left = ms; left > 0; left -= 10_000) {
      sessions.heartbeat(clientId);
      clock.advance(Math.min(left, 10_000));
    }
  }

  test('a client with a stream and heartbeats stays', () => {
    connect('a');
    stay('a', 10 * 60_000);
    expect([sessions.isConnected('a'), gone]).toEqual([true, []]);
  });

  test('a heartbeat before any settings is UNRECOGNIZED_CLIENT_TYPE', () => {
    expect(() => sessions.heartbeat('a')).toThrow(
      expect.objectContaining({ code: 'UNRECOGNIZED_CLIENT_TYPE' }),
    );
  });

  test('a silent client goes, and its stream is ended', () => {
    connect('a');
    clock.advance(SESSION.silentMs);
    expect(sessions.isConnected('a')).toBe(true);
    clock.advance(SESSION.sweepMs);
    expect([sessions.isConnected('a'), gone, ended]).toEqual([false, ['a'], ['a']]);
    expect(() => sessions.heartbeat('a')).toThrow();
  });

  test('a client that lost its stream has some time to come back', () => {
    const stream = connect('a');
    sessions.streamEnded('a', stream);
    stay('a', SESSION.reconnectMs);
    expect(gone).toEqual([]);
    clock.advance(SESSION.sweepMs);
    expect([sessions.isConnected('a'), gone]).toEqual([false, ['a']]);
  });

  test('one that comes back in time was never gone', () => {
    sessions.streamEnded('a', connect('a'));
    clock.advance(SESSION.reconnectMs);
    connect('a', 'a again');
    stay('a', 60_000);
    expect([sessions.isConnected('a'), gone, sessions.count]).toEqual([true, [], 1]);
  });

  test('the late end of an old stream does not take away the new one', () => {
    const old = connect('a');
    const fresh = connect('a', 'a again');
    sessions.streamEnded('a', old);
    sessions.streamEnded('a', old);
    stay('a', 60_000);
    expect(gone).toEqual([]);
    sessions.streamEnded('a', fresh);
    clock.advance(SESSION.reconnectMs + SESSION.sweepMs);
    expect(gone).toEqual(['a']);
  });

  test('one that says goodbye goes at once, only once, and ends its streams itself', () => {
    const stream = connect('a');
    sessions.terminate('a');
    sessions.terminate('a');
    sessions.streamEnded('a', stream);
    clock.advance(SESSION.silentMs * 2);
    expect([gone, ended]).toEqual([['a'], []]);
  });

  test('new settings of a known client replace the old ones', () => {
    connect('a');
    const stream = { end: () => undefined };
    sessions.register({ ...factsOf('a'), kind: 'simple', group: 'other' }, stream);
    expect(sessions.find('a')?.facts).toMatchObject({ kind: 'simple', group: 'other' });
    expect(sessions.find('a')?.streams.size).toBe(2);
  });

  test(`has room for ${SESSION.sessionsMax} clients`, () => {
    const stream = { end: () => undefined };
    for (let i = 0; i < SESSION.sessionsMax; i++) sessions.register(factsOf(`c${i}`), stream);
    expect(() => sessions.register(factsOf('one more'), stream)).toThrow(
      expect.objectContaining({
        code: 'TOO_MANY_REQUESTS',
        message: expect.stringContaining(String(SESSION.sessionsMax)),
      }),
    );
    sessions.register(factsOf('c0'), stream); // known already
    sessions.terminate('c0');
    sessions.register(factsOf('one more'), stream);
  });

  test('on the way down all streams are ended, and nobody is swept any more', () => {
    connect('a');
    connect('b');
    sessions.endStreams();
    expect(ended).toEqual(['a', 'b']);
    sessions.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});
