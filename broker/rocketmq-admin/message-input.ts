/** A stored message as the protocol has it, but for what only a delivery knows. */
import type { StoredMessage } from '#proto/message';
import { codec } from '#proto/messages';
import { parseProperties } from '#proto/properties';
import type { Message } from '#proto/types';
import { encodeReceiveMessage } from '#proto/wire/receive-message';

import { toDelivered } from '#broker/grpc/convert';

const response = codec('ReceiveMessageResponse');

export function messageInput(stored: StoredMessage): Message {
  // The encoder of deliveries knows all the fields: nobody needs a second one for a rare call.
  const delivered = toDelivered(stored, parseProperties(stored.properties), {});
  const { message } = response.decode(encodeReceiveMessage(delivered));
  if (!message) throw new TypeError('a message was encoded as something else');
  return message;
}
