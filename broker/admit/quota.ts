/**
 * The share of the fleet's quota that this broker has: messages sent and received in a second.
 * What is above it is refused at once, never queued (architecture: editions).
 */
import type { Clock } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import { TokenBucket } from '#lib/token-bucket';

/** Messages that passed, and calls' messages that were turned away, since the start. */
export interface QuotaCounts {
  passed: number;
  throttled: number;
}

/**
 * Sends know their size, and pass or don't. A receive does not: it is let in while there is a
 * token, and pays for each message that it takes, into a debt of at most one burst.
 *
 * What people send and receive by hand on the admin port is not counted here: that is how a fleet
 * is looked into and put right while its clients use up all that they may.
 */
export class Quota {
  readonly #clock: Clock;
  /** Undefined while everything passes. */
  #bucket: TokenBucket | undefined;
  #fleetPerSecond = 0;
  #demand = 0;
  readonly sent: QuotaCounts = { passed: 0, throttled: 0 };
  readonly received: QuotaCounts = { passed: 0, throttled: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What this broker may let through in a second; undefined when that is unlimited. */
  get perSecond(): number | undefined {
    return this.#bucket?.perSecond;
  }

  /**
   * Sets the share of this broker, and the quota of the whole fleet that it is a share of (only
   * told to those who are refused). Undefined lets everything pass.
   */
  setRate(perSecond: number | undefined, fleetPerSecond = perSecond): void {
    this.#fleetPerSecond = fleetPerSecond ?? 0;
    if (perSecond === undefined) this.#bucket = undefined;
    else if (this.#bucket) this.#bucket.setRate(perSecond);
    else this.#bucket = new TokenBucket(this.#clock, perSecond);
  }

  /**
   * Messages that wanted to pass since the last call, those refused among them. A receive that is
   * refused counts as one message: how many it would have got is not known, it comes back soon, and
   * once it is let in each of them counts; so a share may be too small for a second, never too big.
   */
  takeDemand(): number {
    const demand = this.#demand;
    this.#demand = 0;
    return demand;
  }

  /** Lets a send of `count` messages pass. @throws SluiceError TOO_MANY_REQUESTS */
  admitSend(count: number): void {
    this.#demand += count;
    if (!this.#bucket || this.#bucket.take(count)) {
      this.sent.passed += count;
      return;
    }
    this.sent.throttled += count;
    throw this.#refusal(this.#bucket.perSecond);
  }

  /**
   * Lets a receive for which there is a message begin. @throws SluiceError TOO_MANY_REQUESTS
   */
  admitReceive(): void {
    if (!this.#bucket || this.#bucket.has(1)) return;
    this.#demand++;
    this.received.throttled++;
    throw this.#refusal(this.#bucket.perSecond);
  }

  /** Charges an admitted receive for one more message; false when it is to stop with fewer. */
  chargeReceive(): boolean {
    if (this.#bucket && !this.#bucket.takeOnCredit(1)) return false;
    this.#demand++;
    this.received.passed++;
    return true;
  }

  #refusal(share: number): SluiceError {
    const quota = rounded(this.#fleetPerSecond);
    return new SluiceError(
      'TOO_MANY_REQUESTS',
      `the quota of ${quota} messages/s (sent + received) is used up: the share of this broker ` +
        `is ${rounded(share)}/s now; repeat after a backoff, send less, or raise the quota (tps)`,
    );
  }
}

function rounded(perSecond: number): number {
  return Math.round(perSecond * 10) / 10;
}
