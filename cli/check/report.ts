/** A check as it is printed: line by line while it goes on, or as data when it is over. */
import type { CheckRequest, CheckResult } from '#cli/check/run';
import type { Probed } from '#cli/check/probe';
import type { Target } from '#cli/check/route';
import type { Trouble } from '#cli/check/trouble';
import { printable } from '#cli/table';
import { formatHostPort } from '#lib/host-port';

const STEP_CHARS = 'receive'.length;
const TIME_CHARS = '600000 ms'.length;

/** `route      12 ms  4 queues at broker-1 (127.0.0.1:8081)`, one line for each broker. */
export function routeLines(targets: readonly Target[], ms: number): string {
  return targets
    .map((target, index) => {
      const { broker, address, queues } = target;
      const where = `${broker} (${formatHostPort(address)})`;
      const what = `${queues.length} ${queues.length === 1 ? 'queue' : 'queues'} at ${where}`;
      return index === 0 ? line('route', ms, what) : line('', undefined, what);
    })
    .join('');
}

export function brokerLines({ target, steps, isReadOnly }: Probed, count: number): string {
  const { broker } = target;
  const messages = count === 1 ? '' : `, ${count} messages`;
  const lines = steps.map(({ step, ms, isOk }) => {
    const what = step === 'connect' || !isOk ? '' : messages;
    return line(step, ms, `${broker}${isOk ? what : ': failed'}`);
  });
  if (isReadOnly) lines.push(line('send', undefined, `${broker}: left out, it is read only`));
  return lines.join('');
}

function line(step: string, ms: number | undefined, what: string): string {
  const time = ms === undefined ? '' : `${Math.round(ms)} ms`;
  return `${step.padEnd(STEP_CHARS)}  ${time.padStart(TIME_CHARS)}  ${printable(what)}\n`;
}

/** The last line, of a check without trouble. */
export function summaryLine({ brokers, ms }: CheckResult, { topic, count }: CheckRequest): string {
  const writable = brokers.filter(({ isReadOnly }) => !isReadOnly).length;
  const sent = writable * count;
  const messages = `${sent} ${sent === 1 ? 'message' : 'messages'}`;
  const many = `${brokers.length} ${brokers.length === 1 ? 'broker' : 'brokers'}`;
  const time = `${Math.round(ms)} ms`;
  return `ok: sent, received and acknowledged ${messages} of ${topic} at ${many} in ${time}\n`;
}

export function checkData(request: CheckRequest, result: CheckResult): object {
  const { endpoint, topic, group, count } = request;
  return {
    endpoint: formatHostPort(endpoint),
    topic,
    group,
    count,
    ok: troublesOf(result).length === 0,
    ms: Math.round(result.ms),
    routeMs: Math.round(result.routeMs),
    ...(result.trouble && { trouble: result.trouble }),
    brokers: result.brokers.map(({ target, steps, isReadOnly, trouble }) => ({
      broker: target.broker,
      address: formatHostPort(target.address),
      queues: target.queues.length,
      ok: trouble === undefined,
      readOnly: isReadOnly,
      steps: steps.map(({ step, ms, isOk }) => ({ step, ms: Math.round(ms), ok: isOk })),
      ...(trouble && { trouble }),
    })),
  };
}

/** All that went wrong, in the order in which it did. */
export function troublesOf({ trouble, brokers }: CheckResult): readonly Trouble[] {
  return [trouble, ...brokers.map((broker) => broker.trouble)].filter((each) => each !== undefined);
}
