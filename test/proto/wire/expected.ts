/** What the hot codecs must see, made from what @grpc/proto-loader decodes from the same bytes. */
import type { Duration, Resource, SystemProperties, Timestamp } from '#proto/types';
import type { ResourceName } from '#proto/wire/resource';

export function resourceName(resource: Resource | null): ResourceName {
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
    orphanedRecoverySeconds: maybe(system?.orphanedTransactionRecoveryDuration, (time) =>
      Math.floor(durationMs(time) / 1000),
    ),
    liteTopic: system?.liteTopic,
    priority: system?.priority,
  };
}
