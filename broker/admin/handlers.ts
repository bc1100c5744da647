/** The shape of the admin service's handlers: typed messages in and out, no bytes. */
import type { AdminMethod, AnswerOf, RequestOf } from '#proto/admin';
import type { Call } from '#proto/grpc-transport/call';

export type AdminHandler<M extends AdminMethod> = (
  request: RequestOf<M>['decoded'],
  call: Call,
) => AnswerOf<M>['input'] | Promise<AnswerOf<M>['input']>;

/** Handlers of some methods: a family. */
export type AdminHandlers<M extends AdminMethod = AdminMethod> = {
  readonly [Name in M]: AdminHandler<Name>;
};
