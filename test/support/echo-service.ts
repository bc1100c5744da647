/** A small service whose messages are plain bytes, for what transports have to do. */
import type { Call, Service } from '#proto/grpc-transport/call';
import { CallFailure } from '#proto/grpc-transport/call-failure';

export const ECHO = 'test.Echo';

export interface EchoRecord {
  calls: Call[];
  /** As they were when the calls came. */
  peers: string[];
  cancels: string[];
  /** Resolves every call of Wait. */
  release: () => void;
}

/** Bytes that Fail sends as `x-detail-bin`: of every kind that base64 has. */
export const DETAIL = Buffer.from([0, 1, 2, 0xfb, 0xff]);

/**
 * Echo, Wait (until released), Throw, Reject, Fail (with the request as its message), Stream (as
 * many 64 KiB messages as asked), Careless (1 KiB, without waiting), Chat, Tell (how many messages
 * came, once the client is done).
 */
export function echoService(): { service: Service; record: EchoRecord } {
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  const record: EchoRecord = { calls: [], peers: [], cancels: [], release };
  const watch = (name: string, call: Call): void => {
    record.calls.push(call);
    record.peers.push(call.peer);
    call.onCancel(() => record.cancels.push(name));
  };
  const service: Service = {
    name: ECHO,
    methods: {
      Echo: { kind: 'unary', handle: (request, call) => (watch('Echo', call), request) },
      Wait: {
        kind: 'unary',
        async handle(request, call) {
          watch('Wait', call);
          await released;
          return request;
        },
      },
      Throw: {
        kind: 'unary',
        handle() {
          throw new Error('a secret');
        },
      },
      Reject: { kind: 'unary', handle: () => Promise.reject(new Error('a secret')) },
      Fail: {
        kind: 'unary',
        handle(request) {
          const trailers = { 'x-code': 'TOO_OLD', 'x-detail-bin': DETAIL };
          throw new CallFailure(9, request.toString(), trailers);
        },
      },
      ...streams(record, watch),
    },
  };
  return { service, record };
}

function streams(
  record: EchoRecord,
  watch: (name: string, call: Call) => void,
): Service['methods'] {
  return {
    Stream: {
      kind: 'server-stream',
      async handle(request, call, out) {
        watch('Stream', call);
        for (let left = Number(request.toString()); left > 0 && !call.cancelled; left--) {
          if (!out.write(Buffer.alloc(65_536, left))) await out.drained();
        }
      },
    },
    Careless: {
      kind: 'server-stream',
      handle(request, call, out) {
        watch('Careless', call);
        for (let left = Number(request.toString()); left > 0; left--) out.write(Buffer.alloc(1024));
      },
    },
    Chat: {
      kind: 'duplex',
      handle(stream, call) {
        watch('Chat', call);
        stream.onMessage((message) => {
          const text = message.toString();
          if (text === 'throw') throw new Error('a secret');
          if (text === 'fail') stream.fail(3, 'not that');
          else if (text === 'fail half') stream.fail(3, 'half \ud83e');
          else if (text === 'end') stream.end();
          else stream.write(message);
        });
        stream.onEnd(() => {
          record.cancels.push('Chat ended');
          stream.end();
        });
      },
    },
    Tell: {
      kind: 'duplex',
      handle(stream, call) {
        watch('Tell', call);
        let count = 0;
        stream.onMessage(() => count++);
        stream.onEnd(() => {
          if (call.cancelled) return;
          stream.write(Buffer.from(`${count}`));
          setImmediate(() => {
            stream.write(Buffer.from('that was all'));
            stream.end();
          });
        });
      },
    },
  };
}
