/** Why a pass can't go on: thrown by a step, told in the conditions. */

export interface BlockedOptions {
  /** One CamelCase word, for programs. */
  readonly reason: string;
  /** What is wrong and what a person can do about it, or what is waited for. */
  readonly message: string;
  /** Nothing changes by waiting: somebody has to do something. */
  readonly isStalled: boolean;
}

export class Blocked extends Error {
  readonly reason: string;
  readonly isStalled: boolean;

  constructor({ reason, message, isStalled }: BlockedOptions) {
    super(message);
    this.name = 'Blocked';
    this.reason = reason;
    this.isStalled = isStalled;
  }
}

export function stalled(reason: string, message: string): Blocked {
  return new Blocked({ reason, message, isStalled: true });
}

export function waiting(reason: string, message: string): Blocked {
  return new Blocked({ reason, message, isStalled: false });
}
