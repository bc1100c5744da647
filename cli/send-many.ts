/** Sends one message many times: several at once, at a rate, with a progress bar. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createProgress } from '#cli/progress';
import { SluiceError } from '#lib/errors';
import { ADMIN } from '#lib/limits';
import type { AdminClient } from '#proto/admin-client';
import type { SendMessageRequestInput, SendMessageResponse } from '#proto/admin-types';

export interface SendPlan {
  readonly request: SendMessageRequestInput;
  readonly count: number;
  /** Messages per second; undefined = as fast as the server takes them. */
  readonly rate: number | undefined;
}

export interface SendTotals {
  readonly count: number;
  readonly seconds: number;
  readonly last: SendMessageResponse;
}

/** Rejects with the first refusal; its message then says how many were sent before. */
export async function sendMany(client: AdminClient, plan: SendPlan): Promise<SendTotals> {
  const { request, count, rate } = plan;
  const progress = createProgress('sending', count);
  const startMs = performance.now();
  let next = 0;
  let done = 0;
  let isFailed = false;
  let last: SendMessageResponse | undefined;
  const sendSome = async (): Promise<void> => {
    while (next < count && !isFailed) {
      const index = next++;
      if (rate !== undefined) await sleepUntil(startMs + (index * 1000) / rate);
      last = await client.call('SendMessage', request);
      progress.update(++done);
    }
  };
  // The order of a message group is the order of its sends: one after the other.
  const lanes = request.messageGroup ? 1 : Math.min(count, ADMIN.sendsInFlight);
  try {
    await Promise.all(
      Array.from({ length: lanes }, () =>
        sendSome().catch((error: unknown) => {
          isFailed = true;
          throw error;
        }),
      ),
    );
  } catch (error) {
    throw count === 1 ? error : withCount(error, done, count);
  } finally {
    progress.finish();
  }
  if (last === undefined) throw new TypeError('nothing was sent');
  return { count, seconds: (performance.now() - startMs) / 1000, last };
}

function withCount(error: unknown, done: number, count: number): unknown {
  if (!(error instanceof SluiceError)) return error;
  const message = `${error.message}; ${done} of ${count} messages were sent before`;
  return new SluiceError(error.code, message, { cause: error });
}

async function sleepUntil(targetMs: number): Promise<void> {
  const waitMs = targetMs - performance.now();
  if (waitMs > 0) await sleep(waitMs);
}
