/** Questions that the client itself answers, on its Telemetry stream (wire.md A.5). */
import { CONSUME } from '#lib/limits';
import { QUESTION } from '#lib/query-limits';
import { OK_STATUS } from '#proto/codes';
import type { Status } from '#proto/codes';
import type { Call } from '#proto/grpc-transport/call';
import { codec } from '#proto/messages';

import type { ClientAnswer } from '#broker/client/questions';
import { messageById } from '#broker/core-admin/message-queries';
import type { Board, Handlers } from '#broker/rocketmq-admin/board';
import { memberOf } from '#broker/rocketmq-admin/clients';
import { messageInput } from '#broker/rocketmq-admin/message-input';
import { groupOf, topicOf } from '#broker/rocketmq-admin/names';

const command = codec('TelemetryCommand');

export function questionHandlers({
  core,
  clock,
}: Board): Handlers<'PrintThreadStackTrace' | 'VerifyMessage'> {
  /** As long as the caller, and a client that is alive, may be waited for. */
  const waitMs = ({ deadlineMs }: Call): number =>
    Math.max(0, Math.min(QUESTION.waitMs, deadlineMs - clock.nowMs() - CONSUME.pollingMarginMs));
  return {
    async PrintThreadStackTrace({ clientId, group }, call) {
      memberOf(core, groupOf(core, group).name, clientId);
      const answer = await core.questions.ask(
        clientId,
        (nonce) => command.encode({ printThreadStackTraceCommand: { nonce } }),
        waitMs(call),
      );
      return { status: statusOf(answer), threadStackTrace: answer.threadStackTrace };
    },
    async VerifyMessage({ clientId, group, topic, messageId }, call) {
      memberOf(core, groupOf(core, group).name, clientId);
      const message = messageInput(await messageById(core, topicOf(core, topic), messageId));
      const answer = await core.questions.ask(
        clientId,
        (nonce) => command.encode({ verifyMessageCommand: { nonce, message } }),
        waitMs(call),
      );
      return { status: statusOf(answer) };
    },
  };
}

/** What the client said, also that it does not support the question; nothing said is OK. */
function statusOf({ status }: ClientAnswer): Status {
  if (!status) return OK_STATUS;
  return { code: status.code, message: status.message.slice(0, QUESTION.messageCharsMax) };
}
