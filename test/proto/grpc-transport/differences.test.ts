/** Where transports may differ: what each of them makes of clients that break the rules of gRPC. */
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import type { Transport } from '#proto/grpc-transport/listener-options';
import { EchoStand } from '#support/echo-stand';
import { EMPTY_MESSAGE, framed, grpcRequest, outcomeOf, TRANSPORTS } from '#support/grpc-echo';

/** Statuses; grpc-js lets some pass that it should not. */
type Outcomes = Readonly<Record<Transport, number>>;

/** gRPC's compression.md: "MUST fail with INTERNAL status". */
const COMPRESSED_BY_NOTHING: Outcomes = { wire: status.INTERNAL, 'grpc-js': status.OK };
const NEGATIVE_DEADLINE: Outcomes = { wire: status.INTERNAL, 'grpc-js': status.OK };

describe.each(TRANSPORTS)('over %s', (transport) => {
  const stand = new EchoStand(transport);
  afterEach(() => stand.close());

  test('a message that says it is compressed, in a call that says it is not', async () => {
    const { port } = await stand.start();
    const stream = grpcRequest(stand.session(port), 'Echo');
    stream.end(framed(gzipSync('hello'), true));
    expect((await outcomeOf(stream)).status).toBe(`${COMPRESSED_BY_NOTHING[transport]}`);
  });

  test('a deadline before now', async () => {
    const { port } = await stand.start();
    const stream = grpcRequest(stand.session(port), 'Echo', { 'grpc-timeout': '-1S' });
    stream.end(EMPTY_MESSAGE);
    expect((await outcomeOf(stream)).status).toBe(`${NEGATIVE_DEADLINE[transport]}`);
  });
});
