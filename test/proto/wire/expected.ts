/** What the hot codecs must see, made from what @grpc/proto-loader decodes from the same bytes. */
import { Text } from '#proto/text';
import type { Duration, Resource, SystemProperties, Timestamp } from '#proto/types';
import type { ResourceName } from '#proto/wire/resource';

export function resourceName(resource: Resource | null | undefined): ResourceName {
  return { namespace: resource?.resourceNamespace ?? '', name: resource?.name ?? '' };
}

export function timestampMs(time: Timestamp): number {
  return time.seconds * 1000 + Math.floor(time.nanos / 1_000_000);
}

export function durationMs(time: Duration): number {
  return time.seconds * 1000 + Math.trunc(time.nanos / 1_000_000);
}

/** Of what was not sent: nothing. */
export function maybe<Value, Result>(
  value: Value | null | undefined,
  convert: (value: Value) => Result,
): Result | undefined {
  return value === null || value === undefined ? undefined : convert(value);
}

/** Without the helper fields `_name` by which protobuf.js marks optional fields that are set. */
export function known(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !name.startsWith('_')));
}

/** The same with strings for texts and for bytes, at any depth. */
export function readable(value: unknown): unknown {
  if (value instanceof Text) return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, readable(each)]));
}

/** Keys and values in turn. */
export function mapOf(flat: readonly Text[]): Map<string, string> {
  const map = new Map<string, string>();
  for (let i = 0; i < flat.length; i += 2) map.set(String(flat[i]), String(flat[i + 1]));
  return map;
}

/** The part of a view of SendMessage that comes from the system properties. */
export function systemView(system: SystemProperties | null): object {
  return {
    tag: system?.tag,
    keys: system?.keys ?? [],
    messageId: system?.messageId ?? '',
    bodyDigest: maybe(system?.bodyDigest, ({ type, checksum }) => ({ type, checksum })),
    bodyEncoding: system?.bodyEncoding ?? 0,
    messageType: system?.messageType ?? 0,
    bornTimestampMs: maybe(system?.bornTimestamp, timestampMs) ?? 0,
    bornHost: system?.bornHost ?? '',
    deliveryTimestampMs: maybe(system?.deliveryTimestamp, timestampMs),
    queueId: system?.queueId ?? 0,
    messageGroup: system?.messageGroup,
    traceContext: system?.traceContext,
    orphanedRecoveryMs: maybe(system?.orphanedTransactionRecoveryDuration, durationMs),
    liteTopic: system?.liteTopic,
    priority: system?.priority,
  };
}
