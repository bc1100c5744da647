/** What a consumer wants of a topic, in whichever language it says so. */
import { SluiceError } from '#lib/errors';
import { NAME } from '#lib/limits';
import type { StoredProperties } from '#proto/properties';

export interface MessageFilter {
  /** Whether the properties of most messages have to be read, or the hash of the tag decides. */
  readonly readsProperties: boolean;
  /** By the hash in the queue index; a message that passes must still be accepted. */
  mayMatch(tagHash: number): boolean;
  accepts(properties: StoredProperties): boolean;
}

/** @throws SluiceError ILLEGAL_FILTER_EXPRESSION */
export function assertFilterSize(expression: string): void {
  const bytes = Buffer.byteLength(expression);
  if (bytes <= NAME.filterBytesMax) return;
  throw new SluiceError(
    'ILLEGAL_FILTER_EXPRESSION',
    `a filter has at most ${NAME.filterBytesMax} bytes, this one has ${bytes}`,
  );
}
