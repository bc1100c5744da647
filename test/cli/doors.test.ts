/** The settings of the clients' door, in processes of their own. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { TRANSPORTS } from '#proto/grpc-transport/listener-options';
import { startBroker, startNameServer } from '#support/sluice-process';
import { whenClosed } from '#support/when-closed';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
const HEADER = Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n');

const started: { dispose(): Promise<void> }[] = [];
afterEach(async () => {
  for (const process of started.splice(0)) await process.dispose();
});

test.each([
  ['a broker', TRANSPORTS[0], startBroker],
  ['a name server', TRANSPORTS[1], startNameServer],
])('%s over %s: --proxy-protocol is for the listeners it names', async (_who, transport, start) => {
  const listeners = ['--listeners', 'external=0,direct=0', '--proxy-protocol', 'external'];
  const server = await start({ arguments: ['--transport', transport, ...listeners] });
  started.push(server);
  const [external, direct] = [server.listener('external'), server.listener('direct')];
  expect(await answer(external, Buffer.concat([HEADER, PREFACE]))).toBe('settings');
  expect(await answer(external, PREFACE)).toBe('closed');
  expect(await answer(direct, PREFACE)).toBe('settings');
  expect(await answer(server.grpc, PREFACE)).toBe('settings');
});

async function answer(address: string, bytes: Buffer): Promise<'settings' | 'closed'> {
  const [host = '', port] = address.split(':');
  const socket = connect(Number(port), host);
  socket.write(bytes);
  const data = once(socket, 'data').then(([head]) =>
    (head as Buffer)[3] === 4 ? head : undefined,
  );
  const gone = whenClosed(socket);
  const head: unknown = await Promise.race([data, gone]);
  socket.destroy();
  return head === undefined ? 'closed' : 'settings';
}
