/** A message as the admin service shows it. */
export interface StoredMessage {
  readonly messageId: string;
  readonly topic: string;
  readonly queue: number;
  readonly offset: number;
  readonly tag: string | undefined;
  readonly keys: readonly string[];
  readonly properties: ReadonlyMap<string, string>;
  readonly body: Buffer;
  readonly messageGroup: string | undefined;
  readonly deliverAtMs: number | undefined;
  /** From 1; 0 when it was looked up rather than delivered. */
  readonly attempt: number;
  readonly bornHost: string;
  readonly bornMs: number;
  readonly storedMs: number;
}
