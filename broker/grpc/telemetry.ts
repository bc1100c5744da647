/** Telemetry: settings both ways, and the server's commands to a client (wire.md A.5). */
import { SluiceError } from '#lib/errors';
import { SESSION } from '#lib/limits';
import { OK_STATUS, statusOf } from '#proto/codes';
import type { Call, Duplex } from '#proto/grpc-transport/call';
import { codec } from '#proto/messages';
import type { Settings, TelemetryCommand } from '#proto/types';

import type { ClientAnswer } from '#broker/client/questions';
import type { SessionStream } from '#broker/client/sessions';
import type { DuplexRpc, Services } from '#broker/grpc/services';
import { admitClient, answerSettings, clientFacts } from '#broker/grpc/settings';

const command = codec('TelemetryCommand');

/** gRPC status of a stream that a client's own mistake ends, and of any other. */
const INVALID_ARGUMENT = 3;
const INTERNAL = 13;
const RESOURCE_EXHAUSTED = 8;

export const telemetry: DuplexRpc = {
  kind: 'duplex',
  open: (services) => (stream, call) => {
    const session = sessionStream(stream);
    let work = Promise.resolve();
    let waiting = 0;
    stream.onMessage((bytes) => {
      if (++waiting > SESSION.commandsWaitingMax) {
        return stream.fail(RESOURCE_EXHAUSTED, 'too many Telemetry commands at once');
      }
      work = work
        .then(() => onCommand(bytes, stream, session, call, services))
        .then(() => void waiting--);
    });
    stream.onEnd(() => {
      // Behind the commands under way: one of them may yet make this a stream of the session.
      void work.then(() => {
        services.sessions.streamEnded(call.clientId, session);
        stream.end();
      });
    });
  },
};

function sessionStream(stream: Duplex): SessionStream {
  let slow = false;
  return {
    end: () => stream.end(),
    tell(bytes) {
      if (slow) return false;
      slow = !stream.write(bytes);
      if (slow) void stream.drained().then(() => (slow = false));
      return true;
    },
  };
}

/** The answer to a question of the server. The Node client repeats what it does not support. */
function answerOf(received: TelemetryCommand): ClientAnswer | undefined {
  const { threadStackTrace: trace, verifyMessageResult, verifyMessageCommand } = received;
  const answer = trace ?? verifyMessageResult ?? verifyMessageCommand;
  if (!answer) return undefined;
  const { nonce } = answer;
  return { nonce, status: received.status, threadStackTrace: trace?.threadStackTrace };
}

async function onCommand(
  bytes: Buffer,
  stream: Duplex,
  session: SessionStream,
  call: Call,
  services: Services,
): Promise<void> {
  try {
    if (call.clientId === '') {
      throw new SluiceError('CLIENT_ID_REQUIRED', 'the header x-mq-client-id is missing');
    }
    const received = command.decode(bytes);
    const answer = answerOf(received);
    if (answer) services.questions.answered(call.clientId, answer);
    if (received.settings) await onSettings(received.settings, stream, session, call, services);
  } catch (foreign) {
    const error = SluiceError.from(foreign);
    const internal = error.code === 'INTERNAL_ERROR';
    if (internal) services.log.error({ error: foreign }, 'a Telemetry command failed');
    const { code, message } = statusOf(error);
    stream.fail(internal ? INTERNAL : INVALID_ARGUMENT, `${code}: ${message}`);
  }
}

async function onSettings(
  settings: Settings,
  stream: Duplex,
  session: SessionStream,
  call: Call,
  services: Services,
): Promise<void> {
  const facts = clientFacts(settings, call, services);
  admitClient(facts, services);
  const answer = await answerSettings(settings, facts, services);
  if (call.cancelled) return;
  services.sessions.register(facts, session);
  stream.write(command.encode({ status: OK_STATUS, settings: answer }));
}
