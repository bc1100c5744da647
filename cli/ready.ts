/** What a process says once it serves: one line for machines, the next steps for people. */
import type { LogFormat } from '#lib/log';
import { VERSION } from '#lib/version';

/** The `host:port` of each door, by its name: that of its flag, `--grpc-port`. */
export type Addresses = Readonly<Record<string, string>>;

/** Of the listeners of `--listeners`: `listener-NAME`. */
export function listenerAddresses(
  listeners: readonly { readonly name: string }[],
  addressOf: (name: string) => string,
): Addresses {
  return Object.fromEntries(listeners.map(({ name }) => [`listener-${name}`, addressOf(name)]));
}

/** For people. */
export interface Banner {
  /** What each door is for, and where data is: a word and the rest of the line. */
  readonly facts: readonly (readonly [string, string])[];
  /** Commands for another terminal. */
  readonly next: readonly string[];
}

/** Printed whatever the log level: scripts wait for it. */
export function readyText(
  format: LogFormat,
  addresses: Addresses & { readonly metrics: string },
  banner: Banner,
): string {
  if (format === 'pretty') return bannerText(addresses.metrics, banner);
  const line = { level: 'info', time: new Date().toISOString(), event: 'ready', ...addresses };
  return `${JSON.stringify({ ...line, version: VERSION, msg: 'ready' })}\n`;
}

const WORD_CHARS = 12;

function bannerText(metrics: string, { facts, next }: Banner): string {
  const lines = [
    ...facts,
    ['Health', `http://${metrics}/readyz`],
    ['Metrics', `http://${metrics}/metrics`],
  ].map(([word = '', rest = '']) => `  ${word.padEnd(WORD_CHARS)}${rest}`);
  return `
Sluice ${VERSION} is ready.

${lines.join('\n')}

Next, in another terminal:

${next.map((command) => `  ${command}`).join('\n')}

Ctrl-C stops it.

`;
}
