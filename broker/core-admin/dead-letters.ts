/** Dead letters as the admin service handles them: listed, looked at, sent again. */
import { SluiceError } from '#lib/errors';
import { ADMIN } from '#lib/limits';
import { PROPERTY, lookupKeys, parseProperties } from '#proto/properties';
import { Text } from '#proto/text';

import type {
  DeadLetter,
  DeadLetterAdmin,
  DeadLetterListRequest,
  DeadLetterPage,
  DeadLetterReason,
  DeadLetterResendRequest,
  ResendOutcome,
  ResendResult,
  ResentPage,
  ResentPlace,
} from '#broker/admin/dead-letter-backend';
import { failedIn, resentKey, resentProperties } from '#broker/consume/resent';
import { deadLettersOfGroup, scan } from '#broker/core-admin/dead-letter-scan';
import type { Letter } from '#broker/core-admin/dead-letter-scan';
import { candidatesFor, describeMessage, messagesWithId } from '#broker/core-admin/stored-message';
import type { Core } from '#broker/core';
import { storedAgain } from '#broker/produce/stored-again';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';

const NO_BODY = Buffer.alloc(0);
const REASONS: readonly DeadLetterReason[] = ['attempts', 'forwarded'];

export function deadLetterAdmin(core: Core): DeadLetterAdmin {
  let last: Promise<unknown> = Promise.resolve();
  return {
    list: (request) => list(core, request),
    async get(groupName, messageId) {
      const topic = deadLettersOfGroup(core, core.groups.get(groupName));
      const letter = topic && (await findLetter(core, topic, messageId));
      if (topic && letter) return describeLetter(core, topic, letter);
      const text = `${groupName} has no dead letter ${messageId}`;
      throw new SluiceError('MESSAGE_NOT_FOUND', text);
    },
    resend(request) {
      // One after the other: the next one is to find what this one has sent.
      const page = last.then(() => resend(core, request));
      last = page.catch(() => undefined); // whoever asked for it is told
      return page;
    },
  };
}

async function list(core: Core, request: DeadLetterListRequest): Promise<DeadLetterPage> {
  const { limit, withBodies } = request;
  const topic = deadLettersOfGroup(core, core.groups.get(request.group));
  if (!topic) return { letters: [], next: undefined, left: 0 };
  const letters: DeadLetter[] = [];
  let bodiesBytes = 0;
  const scanned = await scan(core, topic, {
    ...request,
    async take(letter) {
      if (!letter.found) return true;
      const described = await describeLetter(core, topic, letter.found);
      const { message } = described;
      letters.push(
        withBodies ? described : { ...described, message: { ...message, body: NO_BODY } },
      );
      if (withBodies) bodiesBytes += message.body.length;
      return letters.length < limit && bodiesBytes < ADMIN.deadLetterBodiesBytes;
    },
  });
  return { letters, ...scanned };
}

type Found = NonNullable<Letter['found']>;

async function describeLetter(core: Core, topic: Topic, found: Found): Promise<DeadLetter> {
  const { message, properties } = found;
  const described = describeMessage(message, 0);
  const attempts = properties.get(PROPERTY.deadLetterAttempts);
  const reason = properties.get(PROPERTY.deadLetterReason);
  return {
    message: described,
    originTopic: failedIn(properties),
    originMessageId: properties.get(PROPERTY.deadLetterMessageId) ?? described.messageId,
    attempts: attempts === undefined ? undefined : Number(attempts),
    reason: REASONS.find((known) => known === reason),
    resent: await findResent(core, topic, found),
  };
}

/** The newest dead letter with that message id. */
async function findLetter(core: Core, topic: Topic, messageId: string): Promise<Found | undefined> {
  for await (const message of messagesWithId(core, topic, messageId)) {
    const properties = parseProperties(message.properties);
    if (!properties.has(PROPERTY.resentFor)) return { message, properties };
  }
  return undefined;
}

/** What the dead letter was sent again as; all that is in the log, stored or not. */
async function findResent(
  core: Core,
  deadLetters: Topic,
  { message, properties }: Found,
): Promise<ResentPlace | undefined> {
  const topic = core.topics.find(failedIn(properties));
  if (!topic) return undefined;
  const key = resentKey(deadLetters, message.queueOffset);
  const lookup = { since: message.position, isWithUnstored: true };
  for await (const resent of candidatesFor(core, topic, key, lookup)) {
    if (parseProperties(resent.properties).get(PROPERTY.resentFrom) !== key) continue;
    return { topic: topic.name, queue: resent.queueId, offset: resent.queueOffset };
  }
  return undefined;
}

async function resend(core: Core, request: DeadLetterResendRequest): Promise<ResentPage> {
  const { which, again, limit } = request;
  const group = core.groups.get(request.group);
  core.mode.admitSend();
  const topic = deadLettersOfGroup(core, group);
  const results: ResendResult[] = [];
  const send = async (found: Found, deadLetters: Topic): Promise<void> => {
    results.push(await resendOne(core, group, deadLetters, found, again));
  };
  let scanned: Pick<ResentPage, 'next' | 'left'> = { next: undefined, left: 0 };
  if (isIds(which)) {
    for (const messageId of which) {
      const found = topic && (await findLetter(core, topic, messageId));
      if (topic && found) await send(found, topic);
      else results.push({ messageId, topic: '', outcome: 'not-found', resent: undefined });
    }
  } else if (topic) {
    const take = async ({ offset, found }: Letter): Promise<boolean> => {
      if (found) await send(found, topic);
      else results.push({ ...UNREADABLE, messageId: `offset ${offset}` });
      return results.length < limit;
    };
    scanned = await scan(core, topic, {
      selection: which,
      cursor: request.cursor,
      oldestFirst: true,
      take,
    });
  }
  await core.producer.whenStored(core.store.end);
  return { results, ...scanned };
}

const UNREADABLE = { topic: '', outcome: 'unreadable', resent: undefined } as const;

function isIds(which: DeadLetterResendRequest['which']): which is readonly string[] {
  return Array.isArray(which);
}

async function resendOne(
  core: Core,
  group: Group,
  deadLetters: Topic,
  found: Found,
  again: boolean,
): Promise<ResendResult> {
  const { message, properties: stored } = found;
  const messageId = stored.get(PROPERTY.messageId) ?? '';
  const result = (outcome: ResendOutcome, resent?: ResentPlace): ResendResult => ({
    messageId,
    topic: failedIn(stored),
    outcome,
    resent,
  });
  const before = again ? undefined : await findResent(core, deadLetters, found);
  if (before) return result('already-resent', before);
  const topic = core.topics.find(failedIn(stored));
  if (!topic) return result('topic-gone');
  if (topic.permission === 'read-only') return result('topic-read-only');
  const key = resentKey(deadLetters, message.queueOffset);
  const { queueId, offset } = core.producer.append({
    ...storedAgain(message, {
      topic,
      queueId: core.selector.select(topic, stored.text(PROPERTY.messageGroup)),
      stored,
      properties: resentProperties(stored, group, key),
    }),
    lookupKeys: [...lookupKeys(stored), Text.of(key)],
  });
  core.traffic.sent(topic.name, message.bodyBytes);
  return result('resent', { topic: topic.name, queue: queueId, offset });
}
