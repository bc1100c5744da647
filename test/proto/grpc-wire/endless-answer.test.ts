/**
 * A handler that writes for as long as its call is not cancelled, and waits when it is told to:
 * it must come to its end when there is nobody left, and give others their turn until then.
 */
import { afterEach, expect, test } from '@jest/globals';
import type { Service } from '#proto/grpc-transport/call';
import type { TransportLimits } from '#proto/grpc-transport/listener-options';
import { FRAME, SETTING } from '#proto/http2/protocol';
import { EchoStand } from '#support/echo-stand';
import { ECHO } from '#support/echo-service';
import { framed } from '#support/grpc-echo';
import { callFields, RawHttp2 } from '#support/raw-http2';
import { until } from '#support/until';

const WAIT_MS = 5000;
/** So many without a break mean that it would never end. */
const WRITES_MAX = 1_000_000;

const stand = new EchoStand('wire');
afterEach(() => stand.close());

interface Progress {
  begun: number;
  ended: number;
  writes: number;
}

function endless(messageBytes: number): { service: Service; progress: Progress } {
  const progress = { begun: 0, ended: 0, writes: 0 };
  const service: Service = {
    name: ECHO,
    methods: {
      Endless: {
        kind: 'server-stream',
        async handle(_request, call, out) {
          progress.begun += 1;
          for (let writes = 0; !call.cancelled && writes < WRITES_MAX; writes++) {
            progress.writes += 1;
            if (!out.write(Buffer.alloc(messageBytes))) await out.drained();
          }
          progress.ended += 1;
        },
      },
    },
  };
  return { service, progress };
}

async function begun(service: Service, windowBytes: number, limits: Partial<TransportLimits>) {
  const { port, counters } = await stand.start({ isPlain: true, services: [service], limits });
  const raw = await RawHttp2.connect(port);
  stand.keep(raw.socket);
  raw.greet([[SETTING.initialWindowBytes, windowBytes]]);
  raw.headers(1, callFields('Endless'));
  raw.data(1, framed(''), true);
  return { raw, counters };
}

test.each([
  { bound: 'messages', messageBytes: 1, limits: { backlogMessagesMax: 100 } },
  { bound: 'bytes', messageBytes: 1000, limits: { answersWaitingBytesMax: 10_000 } },
])('beyond the bound of $bound, for a reader that takes none', async (each) => {
  const { service, progress } = endless(each.messageBytes);
  const { raw, counters } = await begun(service, 0, each.limits);
  await raw.closed;
  await until(WAIT_MS, () => progress.ended === 1);
  expect(progress.writes).toBeLessThan(1000);
  expect(counters().slowReaders).toBe(1);
});

test('below the bounds it waits', async () => {
  const { service, progress } = endless(1000);
  const { raw } = await begun(service, 0, {});
  await raw.sync();
  const { writes } = progress;
  await raw.sync();
  expect(progress).toEqual({ begun: 1, ended: 0, writes });
  raw.destroy();
  await until(WAIT_MS, () => progress.ended === 1);
});

test('for a reader that goes in the middle of it', async () => {
  const { service, progress } = endless(1000);
  for (let reader = 1; reader <= 20; reader++) {
    const { raw } = await begun(service, 2 ** 20, {});
    raw.windowUpdate(0, 2 ** 20);
    for (let frames = 0; frames < reader; frames++) await raw.nextOf(FRAME.data);
    if (reader % 2 === 0) raw.socket.resetAndDestroy();
    else raw.socket.end();
    await until(WAIT_MS, () => progress.ended === reader);
  }
  expect(progress.writes).toBeLessThan(WRITES_MAX);
});
