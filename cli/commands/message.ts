/** `sluice message …` */
import type { Command } from 'commander';
import { addGet } from '#cli/commands/message-get';
import { addRecall } from '#cli/commands/message-recall';
import { addList } from '#cli/commands/message-list';
import { addReceive } from '#cli/commands/message-receive';
import { addSend } from '#cli/commands/message-send';
import { addTrace } from '#cli/commands/message-trace';

export function addMessageCommands(program: Command): void {
  const message = program.command('message').description('Send, receive and look up messages');
  addSend(message);
  addRecall(message);
  addReceive(message);
  addGet(message);
  addList(message);
  addTrace(message);
}
