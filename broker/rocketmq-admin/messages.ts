/** Messages that are looked up, and one that is sent to try something out. */
import { SluiceError } from '#lib/errors';
import { ADMIN } from '#lib/limits';
import { QUERY } from '#lib/query-limits';
import { parseProperties } from '#proto/properties';
import type { StoredMessage } from '#proto/message';
import { Encoding, MessageType } from '#proto/types';
import type { AdminSendMessageRequest, ListMessageRequest } from '#proto/types';

import type { MessagePage } from '#broker/admin/backend';
import { TagFilter } from '#broker/consume/filter-tag';
import { findMessages, listMessages, messageById } from '#broker/core-admin/message-queries';
import { messageAdmin } from '#broker/core-admin/messages';
import type { Board, Handlers } from '#broker/rocketmq-admin/board';
import { messageInput } from '#broker/rocketmq-admin/message-input';
import { refuseLite, topicOf } from '#broker/rocketmq-admin/names';
import { msOf } from '#broker/rocketmq-admin/times';

export function messageHandlers(board: Board): Handlers<'QueryMessage' | 'AdminSendMessage'> {
  const { core, clock } = board;
  return {
    async QueryMessage(request) {
      const { messages, nextPageToken } = await pageOf(board, request);
      return { messages: messages.map(messageInput), scrollId: nextPageToken };
    },
    async AdminSendMessage(request, { peer }) {
      const { tag, key, body, userProperties, systemProperties: system } = request;
      refuseOthers(request);
      const keys = [...(key ? [key] : []), ...(system?.keys ?? [])];
      const { messageId } = await messageAdmin(core, clock).send({
        topic: topicOf(core, request.topic).name,
        tag: (tag ?? system?.tag) || undefined,
        keys: [...new Set(keys)],
        properties: new Map(Object.entries(userProperties)),
        body,
        messageGroup: system?.messageGroup,
        deliverAtMs: msOf(system?.deliveryTimestamp),
        peer,
      });
      return { messageId };
    },
  };
}

/** What a message sent in this way can't be. @throws SluiceError UNSUPPORTED */
function refuseOthers({ systemProperties: system }: AdminSendMessageRequest): void {
  refuseLite(system?.liteTopic);
  const { bodyEncoding = Encoding.IDENTITY, messageType = MessageType.NORMAL } = system ?? {};
  if (bodyEncoding !== Encoding.IDENTITY && bodyEncoding !== Encoding.ENCODING_UNSPECIFIED) {
    throw new SluiceError('UNSUPPORTED', 'give the body as it is, not encoded');
  }
  if (messageType === MessageType.TRANSACTION) {
    throw new SluiceError('UNSUPPORTED', 'nobody could say how such a transaction ends');
  }
}

async function pageOf(
  board: Board,
  request: ListMessageRequest,
): Promise<Pick<MessagePage<StoredMessage>, 'messages' | 'nextPageToken'>> {
  const { core, clock } = board;
  checkRequest(board, request);
  const topic = topicOf(core, request.topic);
  const { messageId, messageKey, queueId: queue } = request;
  if (messageId) {
    return { messages: [await messageById(core, topic, messageId)], nextPageToken: '' };
  }
  const endMs = msOf(request.endTimestamp);
  const query = {
    topic: topic.name,
    sinceMs: msOf(request.beginTimestamp),
    untilMs: endMs === undefined ? undefined : endMs + 1, // the end itself is within
    pageToken: request.scrollId ?? '',
    pageSize: pageSizeOf(request),
  };
  if (messageKey) {
    const isOfQueue = (message: StoredMessage): boolean =>
      queue === undefined || message.queueId === queue;
    return findMessages(core, clock, { ...query, key: messageKey }, isOfQueue);
  }
  const filter = TagFilter.parse(request.subscription ?? '*');
  const place = { ...query, queue, offset: undefined, newestFirst: true };
  return listMessages(core, clock, place, (message) =>
    filter.accepts(parseProperties(message.properties)),
  );
}

/** @throws SluiceError UNSUPPORTED, BAD_REQUEST */
function checkRequest({ brokerName }: Board, request: ListMessageRequest): void {
  refuseLite(request.liteTopic);
  const { pageNum = 0, brokerName: named = brokerName, searchKey } = request;
  if (pageNum > 1) {
    throw new SluiceError('UNSUPPORTED', 'pages have no numbers here: go on with scroll_id');
  }
  if (named !== brokerName) {
    throw new SluiceError('BAD_REQUEST', `this is the broker ${brokerName}, not ${named}`);
  }
  if (searchKey !== undefined && !request[searchKey]) {
    throw new SluiceError('BAD_REQUEST', `the ${searchKey} to search for is empty`);
  }
}

/** The smaller of the two sizes that a request may give; further ones come with further pages. */
function pageSizeOf({ maxMessageNums, pageSize = 0 }: ListMessageRequest): number {
  const given = [maxMessageNums, pageSize].filter((count) => count !== 0);
  if (given.some((count) => count < 0)) {
    throw new SluiceError('BAD_REQUEST', 'the number of messages must not be negative');
  }
  return Math.min(ADMIN.pageMax, ...(given.length > 0 ? given : [QUERY.pageDefault]));
}
