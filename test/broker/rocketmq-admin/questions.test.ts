import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { QUESTION } from '#lib/query-limits';
import { Code } from '#proto/codes';
import { ClientType } from '#proto/types';
import type { TelemetryCommand } from '#proto/types';
import { AdminStage, billing, codeOf, nobody, orders } from '#support/admin-stage';
import type { StageClient } from '#support/admin-stage';
import type { RocketmqAdminClient } from '#support/rocketmq-admin';
import { until } from '#support/until';

const WAIT_MS = 10_000;

let stage: AdminStage;
let admin: RocketmqAdminClient;

beforeEach(async () => {
  stage = await AdminStage.open();
  ({ admin } = stage);
  await stage.fill(1);
});

afterEach(() => stage.dispose());

const verification = { group: billing, topic: orders, messageId: 'M0' };

/** The commands that a client was sent, but for its settings. */
function questionsTo({ telemetry }: StageClient): readonly TelemetryCommand[] {
  return telemetry.commands.filter(({ settings }) => !settings);
}

function question(client: StageClient, count = 1): Promise<TelemetryCommand> {
  return until(
    WAIT_MS,
    () => (questionsTo(client).length >= count ? questionsTo(client)[count - 1] : undefined),
    () => 'no question came',
  );
}

describe('a client that answers', () => {
  test('PrintThreadStackTrace', async () => {
    const client = await stage.consumer();
    const answer = admin.call('PrintThreadStackTrace', {
      clientId: client.clientId,
      group: billing,
    });
    const { nonce = '' } = (await question(client)).printThreadStackTraceCommand ?? {};
    expect(nonce).toMatch(/^[0-9a-f]{32}$/);
    client.telemetry.write({
      status: { code: Code.OK, message: '' },
      threadStackTrace: { nonce, threadStackTrace: 'main: waits' },
    });
    expect(await answer).toMatchObject({
      status: { code: Code.OK, message: '' },
      threadStackTrace: 'main: waits',
    });
  });

  test('VerifyMessage brings the message, and the verdict of the client back', async () => {
    const client = await stage.consumer();
    const { clientId } = client;
    const answer = admin.call('VerifyMessage', { clientId, ...verification });
    const { nonce = '', message } = (await question(client)).verifyMessageCommand ?? {};
    expect(message).toMatchObject({
      topic: { name: 'orders' },
      body: Buffer.from('M0'),
      systemProperties: { messageId: 'M0', tag: 'even', bodyEncoding: 1 },
    });
    expect(message?.systemProperties?.bodyDigest?.checksum).toMatch(/^[0-9A-F]{32}$/);
    const status = { code: Code.FAILED_TO_CONSUME_MESSAGE, message: 'not today' };
    client.telemetry.write({ status, verifyMessageResult: { nonce } });
    expect((await answer).status).toEqual(status);
  });

  test('that it does not support it', async () => {
    const client = await stage.consumer('*', ClientType.SIMPLE_CONSUMER);
    const { clientId } = client;
    const answer = admin.call('VerifyMessage', { clientId, ...verification });
    const { nonce = '' } = (await question(client)).verifyMessageCommand ?? {};
    const status = { code: Code.NOT_IMPLEMENTED, message: 'no' };
    client.telemetry.write({ status, verifyMessageCommand: { nonce } });
    expect((await answer).status).toEqual(status);
  });
});

describe('a client that does not', () => {
  const trace = (clientId: string, callMs?: number) =>
    admin.call('PrintThreadStackTrace', { clientId, group: billing }, callMs);

  test('is waited for a while, and its late answer is passed over', async () => {
    const client = await stage.consumer();
    const { status } = await trace(client.clientId, 1500);
    expect(status).toEqual({
      code: Code.PROXY_TIMEOUT,
      message: expect.stringContaining('has not answered within'),
    });
    const { nonce = '' } = (await question(client)).printThreadStackTraceCommand ?? {};
    client.telemetry.write({ threadStackTrace: { nonce, threadStackTrace: 'late' } });
    const next = trace(client.clientId, 1500);
    expect(codeOf(await next)).toBe(Code.PROXY_TIMEOUT);
    expect(stage.core.questions.openCount).toBe(0);
  });

  test("can't be answered for by another one", async () => {
    const client = await stage.consumer();
    const other = await stage.consumer();
    const answer = trace(client.clientId);
    const { nonce = '' } = (await question(client)).printThreadStackTraceCommand ?? {};
    other.telemetry.write({ threadStackTrace: { nonce, threadStackTrace: 'forged' } });
    // Settings are answered behind it: by then the forged answer has been looked at.
    await stage.consumer();
    client.telemetry.write({ threadStackTrace: { nonce, threadStackTrace: 'own' } });
    expect((await answer).threadStackTrace).toBe('own');
  });

  test('is asked only so much at once', async () => {
    const client = await stage.consumer();
    const open = Array.from({ length: QUESTION.openPerClientMax }, () => trace(client.clientId));
    await question(client, QUESTION.openPerClientMax);
    expect(codeOf(await trace(client.clientId))).toBe(Code.TOO_MANY_REQUESTS);
    expect(questionsTo(client)).toHaveLength(QUESTION.openPerClientMax);
    stage.core.sessions.terminate(client.clientId);
    const codes = (await Promise.all(open)).map(codeOf);
    expect(codes).toEqual(codes.map(() => Code.NOT_FOUND));
    expect(stage.core.questions.openCount).toBe(0);
  });

  test('is not there, or no member of the group, or the message is not', async () => {
    const { clientId } = await stage.consumer();
    const producer = await stage.producer();
    expect(codeOf(await trace('x'))).toBe(Code.NOT_FOUND);
    expect(codeOf(await trace(producer.clientId))).toBe(Code.NOT_FOUND);
    const ofNobody = { clientId, group: nobody };
    expect(codeOf(await admin.call('PrintThreadStackTrace', ofNobody))).toBe(
      Code.CONSUMER_GROUP_NOT_FOUND,
    );
    const verify = (change: object) =>
      admin.call('VerifyMessage', { clientId, ...verification, ...change });
    expect(codeOf(await verify({ messageId: 'x' }))).toBe(Code.MESSAGE_NOT_FOUND);
    expect(codeOf(await verify({ topic: nobody }))).toBe(Code.TOPIC_NOT_FOUND);
    expect(codeOf(await verify({ clientId: 'x' }))).toBe(Code.NOT_FOUND);
    expect(codeOf(await verify({ group: undefined }))).toBe(Code.BAD_REQUEST);
  });
});
