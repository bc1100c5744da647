/**
 * Writes the wire tags of the messages that have a codec of their own. With `--check` it writes
 * nothing and fails when the committed file is not what the .proto says.
 */
import { fieldsOf } from './fields-of-proto.ts';
import { writeOrCheck } from './generated-file.ts';

/** From the top of the project. */
export const FIELDS_FILE = 'proto/wire/fields.ts';

const MESSAGES = [
  'Timestamp',
  'Status',
  'Resource',
  'Digest',
  'DeadLetterQueue',
  'SystemProperties',
  'UserProperties',
  'Message',
  'SendMessageRequest',
  'SendMessageResponse',
  'SendResultEntry',
  'Broker',
  'MessageQueue',
  'FilterExpression',
  'ReceiveMessageRequest',
  'ReceiveMessageResponse',
  'AckMessageRequest',
  'AckMessageEntry',
  'AckMessageResponse',
  'AckMessageResultEntry',
  'ChangeInvisibleDurationRequest',
  'ChangeInvisibleDurationResponse',
  'HeartbeatRequest',
  'HeartbeatResponse',
];

export function fieldsText(): string {
  return `${fieldsOf('proto/rocketmq.proto', 'apache.rocketmq.v2', MESSAGES)}\n`;
}

if (import.meta.main) await writeOrCheck(FIELDS_FILE, fieldsText());
