/** The `grpc-timeout` header: up to 8 digits and a unit. */

const TIMEOUT = /^(\d{1,8})([HMSmun])$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** How long the client waits, in ms; Infinity when it does not say, NaN for nonsense. */
export function parseTimeoutMs(header: string): number {
  if (header === '') return Infinity;
  const [, digits = '', unit = ''] = TIMEOUT.exec(header) ?? [];
  return Number(digits) * (UNIT_MS[unit] ?? NaN);
}
