/**
 * The clients' door with nothing behind SendMessage: what the transport alone costs on this
 * machine. Run as a process of its own: `door-process.ts DATA-DIRECTORY TRANSPORT`; prints a ready
 * line as Sluice does.
 */
import { Core } from '#broker/core';
import { messagingService } from '#broker/grpc/dispatch';
import { nodeFiles } from '#broker/store/files';
import { systemClock } from '#lib/clock';
import { STORE } from '#lib/limits';
import { createLog } from '#lib/log';
import { OK_STATUS } from '#proto/codes';
import type { Transport } from '#proto/grpc-transport/listener-options';
import { GrpcServer } from '#proto/grpc-transport/server';
import { Text } from '#proto/text';
import { encodeSendMessageResponse } from '#proto/wire/send-message';

const HOST = '127.0.0.1';
const LISTENER = 'internal';

async function main(directory: string, transport: Transport): Promise<void> {
  const log = createLog({ level: 'warn', format: 'json' });
  const { retentionMs, diskWatermark, diskReserveBytes, segmentBytes } = STORE;
  const limits = { retentionMs, diskWatermark, diskReserveBytes, segmentBytes };
  const { core } = await Core.open({
    ...limits,
    directory,
    durability: 'sync',
    host: HOST,
    port: 0,
    clock: systemClock,
    files: nodeFiles,
    log,
  });
  const service = messagingService({
    clock: systemClock,
    log,
    brokerName: 'door',
    advertised: () => undefined,
    autoCreate: true,
    topics: core.topics,
    groups: core.groups,
    selector: core.selector,
    producer: core.producer,
    scheduler: core.scheduler,
    transactions: core.transactions,
    resent: core.resent,
    consumption: core.consumption,
    sessions: core.sessions,
    questions: core.questions,
    members: core.members,
    traffic: core.traffic,
    mode: core.mode,
    quota: core.quota,
  });
  const receipt = { ...OK_STATUS, messageId: Text.of('0'.repeat(34)) };
  const answer = encodeSendMessageResponse(OK_STATUS, [
    { ...receipt, transactionId: '', recallHandle: '', offset: 1 },
  ]);
  const methods = {
    ...service.methods,
    SendMessage: { kind: 'unary', handle: () => answer } as const,
  };
  const listeners = [{ name: LISTENER, host: HOST, port: 0 }];
  const services = [{ ...service, methods }];
  const server = new GrpcServer({ transport, services, listeners, log });
  await server.start();
  const ready = { event: 'ready', grpc: `${HOST}:${server.port(LISTENER)}` };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
}

const [directory = '', transport = 'wire'] = process.argv.slice(2);
await main(directory, transport as Transport);
