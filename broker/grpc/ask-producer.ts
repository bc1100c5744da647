/** A check-back: which producer is asked how its transaction ended, and how (wire.md A.9). */
import { codec } from '#proto/messages';
import { parseProperties } from '#proto/properties';
import { encodeMessageField } from '#proto/wire/message';

import type { Session, Sessions } from '#broker/client/sessions';
import { toDelivered } from '#broker/grpc/convert';
import type { Askers } from '#broker/produce/check-back';
import type { HalfMessage } from '#broker/produce/transaction';
import { transactionIdOf } from '#broker/produce/transaction';

const telemetryCommand = codec('TelemetryCommand');
const recoverCommand = codec('RecoverOrphanedTransactionCommand');
/** `message` of RecoverOrphanedTransactionCommand: field 1, with a length. wire.md A.1 */
const MESSAGE_FIELD = 0xa;

/** The sender first, as it knows best; after a silent answer all that are there, in turn. */
function inOrder(producers: ReadonlySet<Session>, { clientId, checks }: HalfMessage): Session[] {
  const all = [...producers];
  const sender = checks === 0 ? all.findIndex(({ facts }) => facts.clientId === clientId) : -1;
  const first = sender >= 0 ? sender : checks % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}

function commandOf(half: HalfMessage): Buffer {
  const { message } = half;
  const delivered = toDelivered(message, parseProperties(message.properties), {});
  const recover = recoverCommand.decode(encodeMessageField(MESSAGE_FIELD, delivered));
  const transactionId = transactionIdOf(half);
  return telemetryCommand.encode({
    recoverOrphanedTransactionCommand: { ...recover, transactionId },
  });
}

export function askersAmong(sessions: Sessions): Askers {
  return {
    hasProducer: (topic) => sessions.producers(topic.name).size > 0,
    ask(topic, half) {
      const command = commandOf(half);
      for (const { streams } of inOrder(sessions.producers(topic.name), half)) {
        // The newest: an older one may be broken without anyone knowing yet.
        for (const stream of [...streams].toReversed()) {
          if (stream.tell?.(command)) return true;
        }
      }
      return false;
    },
  };
}
