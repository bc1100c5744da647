/** Kinds of messages that a generator sends. */

/** `tagged`: normal messages, half of them with the tag `tag-A`, half with `tag-B`. */
export const MESSAGE_KINDS = ['normal', 'tagged', 'ordered', 'scheduled', 'transaction'] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

export interface Schedule {
  /** With `duePerSecond`: when the message with the number 0 is due, in ms since 1970. */
  readonly dueAt: number;
  /** So many messages are due a second; 0: each `delayMs` after it was sent. */
  readonly duePerSecond: number;
  readonly delayMs: number;
}

/** When a message is due, in whole ms since 1970. */
export function dueOf({ dueAt, duePerSecond, delayMs }: Schedule, sequence: number): number {
  if (duePerSecond === 0) return Date.now() + delayMs;
  return dueAt + Math.floor((sequence * 1000) / duePerSecond);
}
