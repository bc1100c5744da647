/** The messages and methods of sluice.admin.v1, between the `sluice` command and a broker. */
import type { Messages } from '#proto/admin-types';
import { loadProtocol } from '#proto/load';
import type { Codec, MethodInfo } from '#proto/load';

const PACKAGE = 'sluice.admin.v1';

export const ADMIN_SERVICE = `${PACKAGE}.Admin`;

/** Trailing metadata of a failed call: its code of `lib/errors.ts`. */
export const CODE_TRAILER = 'sluice-code';

const protocol = loadProtocol<Messages>(new URL('admin.proto', import.meta.url), PACKAGE);

/** Every method of the service, in the order of the file. */
export const ADMIN_METHODS: readonly MethodInfo[] = protocol.methods(ADMIN_SERVICE);

/** Which message answers each method; its request is always called `<method>Request`. */
const ANSWERS = {
  CreateTopic: 'Topic',
  UpdateTopic: 'Topic',
  DeleteTopic: 'DeleteTopicResponse',
  DescribeTopic: 'TopicDetails',
  ListTopics: 'ListTopicsResponse',
  CreateGroup: 'Group',
  UpdateGroup: 'Group',
  DeleteGroup: 'DeleteGroupResponse',
  DescribeGroup: 'GroupDetails',
  ListGroups: 'ListGroupsResponse',
  ResetOffsets: 'ResetOffsetsResponse',
  SendMessage: 'SendMessageResponse',
  RecallMessage: 'RecallMessageResponse',
  ReceiveMessages: 'ReceiveMessagesResponse',
  GetMessage: 'Message',
  ListTransactions: 'ListTransactionsResponse',
  ListDeadLetters: 'ListDeadLettersResponse',
  GetDeadLetter: 'DeadLetter',
  ResendDeadLetters: 'ResendDeadLettersResponse',
  FindMessages: 'MessagePage',
  ListMessages: 'MessagePage',
  GetMessageTrace: 'MessageTrace',
  UnreadMessages: 'UnreadMessagesResponse',
  BrokerStatus: 'BrokerStatusResponse',
} as const satisfies Readonly<Record<string, keyof Messages>>;

export type AdminMethod = keyof typeof ANSWERS;

/** One side of a method's messages: `decoded` as it is read, `input` as it may be written. */
export type RequestOf<M extends AdminMethod> = Messages[`${M}Request`];
export type AnswerOf<M extends AdminMethod> = Messages[(typeof ANSWERS)[M]];

export interface AdminCodecs<M extends AdminMethod> {
  readonly request: Codec<RequestOf<M>['decoded'], RequestOf<M>['input']>;
  readonly answer: Codec<AnswerOf<M>['decoded'], AnswerOf<M>['input']>;
}

export function adminCodecs<M extends AdminMethod>(method: M): AdminCodecs<M> {
  return {
    request: protocol.codec<`${M}Request`>(`${method}Request`),
    answer: protocol.codec<(typeof ANSWERS)[M]>(ANSWERS[method]),
  };
}

export const ADMIN_METHOD_NAMES = Object.keys(ANSWERS) as readonly AdminMethod[];
