import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createAdminService } from '#broker/admin/service';
import { ERROR_CODES, SluiceError } from '#lib/errors';
import { createLog } from '#lib/log';
import { ADMIN_METHOD_NAMES, ADMIN_METHODS, type AdminMethod, type RequestOf } from '#proto/admin';
import { createAdminClient, type AdminClient } from '#proto/admin-client';
import { TopicPermission } from '#proto/admin-types';
import { grpcStatusOf } from '#proto/admin-failure';
import type { Call } from '#proto/grpc-transport/call';
import { startAdminServer, type AdminServer } from '#support/admin-server';
import { FakeAdminBackend } from '#support/fake-admin-backend';

const TOKEN = 'correct-horse-battery';

let backend: FakeAdminBackend;
let server: AdminServer;
let client: AdminClient;

beforeAll(async () => {
  backend = new FakeAdminBackend();
  server = await startAdminServer(backend, TOKEN);
  client = createAdminClient({ address: server.address, token: TOKEN });
});
afterAll(async () => {
  client.close();
  await server.stop();
});
beforeEach(() => {
  backend.topicsByName.clear();
  backend.groupsByName.clear();
  backend.unread.length = 0;
});

async function refusal<M extends AdminMethod>(
  method: M,
  request: RequestOf<M>['input'],
): Promise<SluiceError> {
  const outcome = await client.call(method, request).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(SluiceError);
  return outcome as SluiceError;
}

test('every method of the .proto has its messages and its handler', () => {
  expect([...ADMIN_METHOD_NAMES].sort()).toEqual(ADMIN_METHODS.map(({ name }) => name).sort());
  const log = createLog({ level: 'silent', format: 'json' });
  const service = createAdminService(backend, { token: undefined, log });
  expect(Object.keys(service.methods).sort()).toEqual([...ADMIN_METHOD_NAMES].sort());
});

test('every error code has a gRPC status other than OK and UNKNOWN', () => {
  for (const code of ERROR_CODES) {
    expect([status.OK, status.UNKNOWN]).not.toContain(grpcStatusOf(code));
  }
  expect(grpcStatusOf('TOPIC_NOT_FOUND')).toBe(status.NOT_FOUND);
  expect(grpcStatusOf('ILLEGAL_TOPIC')).toBe(status.INVALID_ARGUMENT);
});

describe('token', () => {
  test.each([undefined, 'wrong', `${TOKEN} `, TOKEN.toUpperCase(), `${TOKEN}x`])(
    '%j is refused, whatever the call',
    async (token) => {
      const stranger = createAdminClient({ address: server.address, token });
      for (const method of ADMIN_METHOD_NAMES) {
        await expect(stranger.call(method, {})).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
      }
      stranger.close();
    },
  );
});

describe('lists', () => {
  test('come in pages, in order of their names', async () => {
    for (const name of ['c', 'a', 'b']) await client.call('CreateTopic', { name });
    const first = await client.call('ListTopics', { pageSize: 2 });
    expect(first.topics.map(({ name }) => name)).toEqual(['a', 'b']);
    const { nextPageToken: pageToken } = first;
    const second = await client.call('ListTopics', { pageSize: 2, pageToken });
    expect(second).toMatchObject({ topics: [{ name: 'c' }], nextPageToken: '' });
    const whole = await client.call('ListTopics', { pageSize: 3 });
    expect(whole.nextPageToken).toBe('');
  });

  test('have a largest page', async () => {
    expect(await refusal('ListGroups', { pageSize: 1001 })).toMatchObject({
      code: 'BAD_REQUEST',
      message: 'a page has at most 1000 entries; 1001 were asked for',
    });
  });
});

describe('refusals', () => {
  test('of the backend arrive with their code and text', async () => {
    expect(await refusal('DescribeTopic', { name: 'x' })).toMatchObject({
      code: 'TOPIC_NOT_FOUND',
      message: 'topic x does not exist',
    });
  });

  test('a foreign failure keeps its text inside', async () => {
    backend.sendFailure = new Error('/secret/path');
    const { code, message } = await refusal('SendMessage', { topic: 'x' });
    expect({ code, message }).toEqual({
      code: 'INTERNAL_ERROR',
      message: 'internal error; the server log has the cause',
    });
    backend.sendFailure = undefined;
  });

  test('of kinds, ranges and half a place', async () => {
    const code = 'BAD_REQUEST';
    expect(await refusal('CreateTopic', { name: 'x', kind: 99 })).toMatchObject({ code });
    expect(await refusal('CreateTopic', { name: 'x', permission: 99 })).toMatchObject({ code });
    expect(await refusal('UpdateTopic', { name: 'x' })).toMatchObject({ code });
    expect(await refusal('UpdateGroup', { name: 'x' })).toMatchObject({ code });
    expect(await refusal('GetMessage', { topic: 'x', queue: 1 })).toMatchObject({ code });
    for (const place of [{}, { place: 3 }, { place: 4, timeMs: 1 }, { place: 99 }]) {
      expect(await refusal('ResetOffsets', { group: 'g', ...place })).toMatchObject({ code });
    }
    const messageIds = Array.from({ length: 1001 }, (_, i) => `M${i}`);
    expect(await refusal('ResendDeadLetters', { group: 'g', messageIds })).toMatchObject({ code });
    for (const pageToken of ['x', '1', '-1-2', `${'9'.repeat(16)}-1`, '1-2-3']) {
      expect(await refusal('ListDeadLetters', { group: 'g', pageToken })).toMatchObject({ code });
    }
    expect(await refusal('ListDeadLetters', { pageSize: 1001 })).toMatchObject({ code });
    expect(await refusal('ReceiveMessages', { count: 33 })).toMatchObject({ code });
    expect(await refusal('ReceiveMessages', { waitMs: -1 })).toMatchObject({
      code: 'ILLEGAL_POLLING_TIME',
    });
    expect(await refusal('ReceiveMessages', { invisibleMs: 1 })).toMatchObject({
      code: 'ILLEGAL_INVISIBLE_TIME',
      message: 'invisible time in ms must be from 10000 to 43200000, not 1',
    });
  });

  test('bytes that are no request', async () => {
    const log = createLog({ level: 'silent', format: 'json' });
    const { methods } = createAdminService(backend, { token: undefined, log });
    const method = methods['CreateTopic'];
    if (method?.kind !== 'unary') throw new Error('it is unary');
    const call = { header: () => '', peer: 'test' } as unknown as Call;
    await expect(method.handle(Buffer.from([0xff, 0xff]), call)).rejects.toMatchObject({
      grpcStatus: status.INVALID_ARGUMENT,
      trailers: { 'sluice-code': 'BAD_REQUEST' },
    });
  });
});

describe('definitions', () => {
  test('a topic has its permission, from its creation, its change and in lists', async () => {
    const { READ_WRITE, READ_ONLY, WRITE_ONLY } = TopicPermission;
    expect(await client.call('CreateTopic', { name: 't' })).toMatchObject({
      permission: READ_WRITE,
    });
    await client.call('CreateTopic', { name: 'u', permission: WRITE_ONLY });
    const changed = await client.call('UpdateTopic', { name: 't', permission: READ_ONLY });
    expect(changed).toMatchObject({ kind: 1, queues: 8, permission: READ_ONLY });
    const { topics } = await client.call('ListTopics', {});
    expect(topics.map(({ permission }) => permission)).toEqual([READ_ONLY, WRITE_ONLY]);
  });

  test('a group has its waits and whether pull is allowed; no waits are the usual', async () => {
    const usual = { backoffMs: [1000, 5000], pullAllowed: true };
    expect(await client.call('CreateGroup', { name: 'g' })).toMatchObject(usual);
    const change = { name: 'g', backoff: { waitsMs: [7] }, pullAllowed: false };
    const changed = { backoffMs: [7], pullAllowed: false };
    expect(await client.call('UpdateGroup', change)).toMatchObject(changed);
    const { groups } = await client.call('ListGroups', {});
    expect(groups[0]?.group).toMatchObject(changed);
    const reset = { name: 'g', backoff: { waitsMs: [] }, pullAllowed: true };
    expect(await client.call('UpdateGroup', reset)).toMatchObject(usual);
  });
});

test('what is unread comes in pages, with the sums on each', async () => {
  for (const group of ['a', 'b', 'c']) {
    const place = { name: `${group} t`, group, topic: 't' };
    backend.unread.push({ ...place, messages: 5, inFlight: 2, waitingRetry: 1 });
  }
  const { nextPageToken: pageToken, ...first } = await client.call('UnreadMessages', {
    pageSize: 2,
  });
  const sums = { totalMessages: 15, deadLetters: 3 };
  expect(first).toMatchObject(sums);
  expect(first.unread.map(({ group }) => group)).toEqual(['a', 'b']);
  expect(first.unread[0]).toEqual({
    group: 'a',
    topic: 't',
    messages: 5,
    inFlight: 2,
    waitingRetry: 1,
  });
  const second = await client.call('UnreadMessages', { pageSize: 2, pageToken });
  expect(second).toMatchObject({ unread: [{ group: 'c' }], nextPageToken: '', ...sums });
});

test('a receive waits no longer than the caller does', async () => {
  await client.call('CreateTopic', { name: 't' });
  await client.call('ReceiveMessages', { topic: 't', group: 'g', waitMs: 20_000 }, 5000);
  const { waitMs, count, filter, invisibleMs } = backend.receives.at(-1) ?? {};
  expect(waitMs).toBeLessThanOrEqual(4500);
  expect(waitMs).toBeGreaterThan(1000);
  expect({ count, filter, invisibleMs }).toEqual({ count: 1, filter: '*', invisibleMs: 60_000 });
});
