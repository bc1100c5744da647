/** What may happen to a group and its messages, done to the real thing and to the model alike. */
import { expect } from '@jest/globals';
import fc from 'fast-check';

import { UNMETERED } from '#broker/consume/meter';
import { TagFilter } from '#broker/consume/filter-tag';
import { resetOffsets } from '#broker/core-admin/reset';
import type { Delivery, Receiver } from '#broker/consume/pop';
import { CONSUME } from '#lib/limits';
import { SluiceError } from '#lib/errors';
import { ack, handleOf, idOf, patient, send } from '#support/core';
import { often } from '#support/property';

import type { Leased, MessageState, PopModel } from './pop-state.ts';
import type { PopSystem } from './pop-system.ts';

export type PopCommand = fc.AsyncCommand<PopModel, PopSystem>;

type Work = (model: PopModel, real: PopSystem) => Promise<void>;

/** Each command leaves both sides with all that is due by then done, and they must agree. */
function command(text: string, work: Work, possible = (_: PopModel) => true): PopCommand {
  return {
    check: (model) => possible(model),
    async run(model, real) {
      await work(model, real);
      model.expire(real.clock.nowMs());
      await real.settle();
      expectSame(model, real);
    },
    toString: () => text,
  };
}

/** The real state of one message as the model would say it; 'gone' is done or dead. */
function realState(real: PopSystem, group: number, queue: number, offset: number) {
  const progress = real.progress(group, queue);
  if (!progress || offset >= progress.next) return { is: 'unseen' };
  const lease = progress.lease(offset);
  if (!lease) return { is: 'gone' };
  const { attempt, deadlineMs: untilMs } = lease;
  return lease.expired ? { is: 'free', attempt } : { is: 'leased', attempt, untilMs };
}

function expectedState(state: MessageState): object {
  if (state.is === 'done' || state.is === 'dead') return { is: 'gone' };
  if (state.is === 'unseen') return state;
  const { attempt } = state;
  return state.is === 'free'
    ? { is: 'free', attempt }
    : { is: 'leased', attempt, untilMs: state.untilMs };
}

function expectSame(model: PopModel, real: PopSystem): void {
  for (const { group, queue, at } of model.all) {
    const seen = at.states.map((_, offset) => realState(real, group, queue, offset));
    expect(seen).toEqual(at.states.map(expectedState));
    expect(real.progress(group, queue)?.committed ?? 0).toBe(at.committed);
  }
}

let serial = 0;

const sends = fc
  .record({ queue: fc.nat(1), tag: fc.constantFrom(undefined, 'Aa', 'BB', 'x') })
  .map(({ queue, tag }) =>
    command(`send(${queue}, ${tag})`, async (model, real) => {
      const id = `M${serial++}`;
      const offset = await send(real.core, real.topic, {
        id,
        queueId: queue,
        ...(tag === undefined ? {} : { tag }),
      });
      expect(offset).toBe(model.sent[queue]?.length);
      model.send(queue, { id, tag });
    }),
  );

interface Receive {
  group: number;
  queueId: number;
  filter: string;
  batchSize: number;
  invisibleMs: number;
  renewFor: string | undefined;
  cancelled: boolean;
}

function queuesOf(model: PopModel, { queueId }: Receive): number[] {
  return queueId < 0 ? [...model.sent.keys()] : [queueId];
}

function take(model: PopModel, real: PopSystem, request: Receive, delivery: Delivery): void {
  const { queueId: queue, queueOffset: offset } = delivery.message;
  expect(queuesOf(model, request)).toContain(queue);
  const states = model.at(request.group, queue).states;
  const before = states[offset] as MessageState;
  expect(['unseen', 'free']).toContain(before.is); // never handed to two at once
  const sent = model.sent[queue]?.[offset];
  expect(idOf(delivery)).toBe(sent?.id);
  expect(TagFilter.parse(request.filter).matches(sent?.tag)).toBe(true);
  const attempt = (before.is === 'free' ? before.attempt : 0) + 1;
  expect(delivery.lease.attempt).toBe(attempt);
  const nowMs = real.clock.nowMs();
  const text = handleOf(real.core, delivery);
  const { renewFor: clientId, invisibleMs } = request;
  const until = nowMs + CONSUME.autoRenewMaxMs;
  const renewal = clientId === undefined ? undefined : { clientId, untilMs: until };
  states[offset] = { is: 'leased', untilMs: nowMs + invisibleMs, attempt, handle: text, renewal };
  model.handles.push({ text, group: request.group, queue, offset });
}

/** What was not delivered may only have been passed over, or given back by a receiver that left. */
function passOver(model: PopModel, real: PopSystem, request: Receive, queue: number): void {
  const { group, cancelled } = request;
  const filter = TagFilter.parse(request.filter);
  const { states } = model.at(group, queue);
  for (const [offset, state] of states.entries()) {
    if (state.is !== 'unseen' && state.is !== 'free') continue;
    const now = realState(real, group, queue, offset);
    const matches = filter.matches(model.sent[queue]?.[offset]?.tag);
    if (now.is === 'gone') {
      expect({ offset, matches }).toEqual({ offset, matches: false });
      states[offset] = { is: 'done' };
    } else if (state.is === 'unseen' && now.is === 'free') {
      expect({ offset, matches, cancelled }).toEqual({ offset, matches: true, cancelled: true });
      states[offset] = { is: 'free', attempt: 0, early: undefined };
    } else if (state.is === 'free' && cancelled) {
      const deadlineMs = real.progress(group, queue)?.lease(offset)?.deadlineMs ?? Infinity;
      if (deadlineMs <= real.clock.nowMs()) state.early = undefined;
    }
  }
}

const gone: Receiver = { cancelled: true, onCancel: (listener) => listener() };

async function receive(model: PopModel, real: PopSystem, request: Receive): Promise<void> {
  const { group, filter, cancelled, ...rest } = request;
  const { pop } = real.core.consumption;
  const whole = {
    ...rest,
    group: real.group(group),
    topic: real.topic,
    filter: TagFilter.parse(filter),
    meter: UNMETERED,
  };
  const deliveries = await pop.receive(whole, 0, cancelled ? gone : patient);
  expect(deliveries.length).toBeLessThanOrEqual(cancelled ? 0 : request.batchSize);
  for (const delivery of deliveries) take(model, real, request, delivery);
  for (const queue of queuesOf(model, request)) passOver(model, real, request, queue);
  if (cancelled || deliveries.length > 0) return;
  for (const queue of queuesOf(model, request)) {
    const left = model.at(group, queue).states.filter(({ is }) => is === 'unseen' || is === 'free');
    expect(left).toEqual([]); // nothing was there that it could have had
  }
}

const receives = fc
  .record({
    group: fc.nat(1),
    queueId: fc.constantFrom(-1, -1, 0, 1),
    filter: fc.constantFrom('*', '*', '*', 'Aa', 'x || BB'),
    batchSize: fc.constantFrom(1, 2, 32),
    invisibleMs: fc.constantFrom(10_000, 30_000),
    renewFor: fc.constantFrom(undefined, undefined, 'client-0', 'client-1'),
    cancelled: fc.constantFrom(false, false, false, false, true),
  })
  .map((request) => {
    const slice = { invisibleMs: CONSUME.autoRenewSliceMs };
    const whole = request.renewFor === undefined ? request : { ...request, ...slice };
    return command(`receive(${JSON.stringify(whole)})`, (m, r) => receive(m, r, whole));
  });

interface HandleChoice {
  which: number;
  /** Which group says it: the right one, mostly. */
  foreign: boolean;
  forge: 'no' | 'flip' | 'cut';
}

const handleChoice: fc.Arbitrary<HandleChoice> = fc.record({
  which: fc.nat(1000),
  foreign: fc.constantFrom(false, false, false, false, true),
  forge: fc.constantFrom('no', 'no', 'no', 'no', 'no', 'flip', 'cut'),
});

interface Chosen {
  by: number;
  text: string;
  states: MessageState[];
  offset: number;
  queue: number;
  /** The lease that the handle stands for, while it does. */
  lease: Leased | undefined;
  /** The handle is real, and its message done with. */
  settled: boolean;
}

/** The newest handles are the likeliest, so that many are still good. */
function choose(model: PopModel, { which, foreign, forge }: HandleChoice): Chosen {
  const { handles } = model;
  const index = handles.length - 1 - (which % Math.min(handles.length, 8));
  const { text, group, queue, offset } = handles[index] as PopModel['handles'][number];
  const { states } = model.at(group, queue);
  const state = states[offset] as MessageState;
  const forged = forge === 'no' ? text : forge === 'cut' ? text.slice(0, -2) : flip(text);
  const honest = !foreign && forge === 'no';
  const lease = honest && state.is === 'leased' && state.handle === text ? state : undefined;
  const settled = honest && (state.is === 'done' || state.is === 'dead');
  const by = foreign ? 1 - group : group;
  return { by, text: forged, states, offset, queue, lease, settled };
}

function flip(text: string): string {
  const at = text.length >> 1;
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
}

async function outcome<T>(work: () => T | Promise<T>): Promise<T | string> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SluiceError) return error.code;
    throw error;
  }
}

const hasHandles = ({ handles }: PopModel): boolean => handles.length > 0;

const acks = handleChoice.map((choice) =>
  command(
    `ack(${JSON.stringify(choice)})`,
    async (model, real) => {
      const { by, text, states, offset, lease, settled } = choose(model, choice);
      const said = await outcome(() => ack(real.core, real.group(by), text));
      expect(said).toBe(lease || settled ? undefined : 'INVALID_RECEIPT_HANDLE');
      if (lease) states[offset] = { is: 'done' };
    },
    hasHandles,
  ),
);

const changes = fc
  .tuple(handleChoice, fc.constantFrom(0, 1, 10_000, 60_000))
  .map(([choice, invisibleMs]) =>
    command(
      `changeInvisible(${invisibleMs}, ${JSON.stringify(choice)})`,
      async (model, real) => {
        const { by, text, queue, offset, lease } = choose(model, choice);
        const { acknowledger } = real.core.consumption;
        const said = await outcome(() =>
          acknowledger.changeInvisible(real.group(by), text, invisibleMs),
        );
        if (!lease || typeof said === 'string') {
          expect(said).toBe('INVALID_RECEIPT_HANDLE');
          expect(lease).toBeUndefined();
          return;
        }
        expect(said.handle).not.toBe(text);
        const untilMs = real.clock.nowMs() + invisibleMs;
        Object.assign(lease, { untilMs, handle: said.handle, renewal: undefined });
        model.handles.push({ text: said.handle, group: by, queue, offset });
      },
      hasHandles,
    ),
  );

const forwards = handleChoice.map((choice) =>
  command(
    `forward(${JSON.stringify(choice)})`,
    async (model, real) => {
      const { by, text, states, offset, lease } = choose(model, choice);
      const { acknowledger, deadLetters } = real.core.consumption;
      const said = await outcome(() => deadLetters.move(acknowledger.lease(real.group(by), text)));
      expect(said).toBe(lease ? undefined : 'INVALID_RECEIPT_HANDLE');
      if (lease) states[offset] = { is: 'dead' };
    },
    hasHandles,
  ),
);

const commits = fc.tuple(fc.nat(1), fc.nat(1), fc.nat(8)).map(([group, queue, offset]) =>
  command(`commit(${group}, ${queue}, ${offset})`, async (model, real) => {
    const at = model.at(group, queue);
    const knows = !at.resetUntold || offset === at.next;
    const allowed = knows && offset >= at.committed && offset <= at.states.length;
    if (knows) at.resetUntold = false;
    const { pull } = real.core.consumption;
    const said = await outcome(() => {
      pull.commitOffset(real.group(group), real.topic, queue, offset);
    });
    expect(said).toBe(allowed ? undefined : 'ILLEGAL_OFFSET');
    if (allowed) at.commit(offset);
  }),
);

const resets = fc.tuple(fc.nat(1), fc.nat(1), fc.nat(8)).map(([group, queue, offset]) =>
  command(`reset(${group}, ${queue}, ${offset})`, async (model, real) => {
    const at = model.at(group, queue);
    const { name } = real.group(group);
    const place = { group: name, topic: real.topic.name, queues: [queue], dryRun: false };
    const said = await outcome(() =>
      resetOffsets(real.core, { ...place, to: { at: 'offset', offset } }),
    );
    if (offset > at.states.length) {
      expect(said).toBe('ILLEGAL_OFFSET');
      return;
    }
    const open = ({ is }: MessageState): boolean => is !== 'done' && is !== 'dead';
    const isOut = ({ is }: MessageState): boolean => is === 'leased' || is === 'free';
    const counts = {
      readAgain: at.states.slice(offset).filter((state) => !open(state)).length,
      skipped: at.states.slice(0, offset).filter(open).length,
      leasesDropped: at.states.filter(isOut).length,
    };
    expect(said).toEqual([{ queue, before: at.committed, after: offset, ...counts }]);
    model.died(group, queue, offset);
    at.reset(offset);
  }),
);

const times = fc.constantFrom(1, 5_000, 10_000, 30_000, 60_000, 61_000, 600_000, 4 * 3_600_000);

const advances = times.map((ms) =>
  command(`advance(${ms})`, (model, real) => {
    real.advance(ms, model.connected);
    return Promise.resolve();
  }),
);

const clients = fc.constantFrom('client-0', 'client-1');

const arrivals = clients.map((clientId) =>
  command(`connect(${clientId})`, (model, real) => {
    real.connect(clientId);
    model.connected.add(clientId);
    return Promise.resolve();
  }),
);

/** Gone is gone: what it held is free at once, and its last attempts are dead. */
async function leave(model: PopModel, real: PopSystem, clientId: string): Promise<void> {
  real.core.sessions.terminate(clientId);
  if (!model.connected.delete(clientId)) return;
  for (const { at } of model.all) at.release(clientId);
  const isDead = ({ is }: MessageState): boolean => is === 'dead';
  await real.untilMoved(() =>
    model.all.every(({ group, queue, at }) =>
      at.states.every(
        (state, offset) => !isDead(state) || realState(real, group, queue, offset).is === 'gone',
      ),
    ),
  );
}

const departures = clients.map((clientId) =>
  command(`leave(${clientId})`, (model, real) => leave(model, real, clientId)),
);

const restarts = fc.boolean().map((withoutIndex) =>
  command(withoutIndex ? 'restart without index' : 'restart', async (model, real) => {
    await real.reopen({ withoutIndex });
    model.connected.clear();
    for (const { at } of model.all) at.restart();
  }),
);

/** Sends and receives most of all. */
export const popCommands: fc.Arbitrary<PopCommand>[] = [
  ...often(4, sends),
  ...often(4, receives),
  ...often(2, acks),
  changes,
  forwards,
  commits,
  resets,
  ...often(2, advances),
  arrivals,
  departures,
  restarts,
];
