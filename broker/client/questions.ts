/**
 * Questions to clients on their Telemetry streams, each with a nonce that its answer repeats
 * (wire.md A.5). A client that does not answer in time, or goes away, leaves nothing behind.
 */
import { randomBytes } from 'node:crypto';

import type { Clock, Timer } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import { QUESTION } from '#lib/query-limits';

import type { Sessions } from '#broker/client/sessions';

const NONCE_BYTES = 16;

/** What a client answered, in its own words. */
export interface ClientAnswer {
  readonly nonce: string;
  /** Absent where the client did not say how it went. */
  readonly status: { readonly code: number; readonly message: string } | undefined;
  readonly threadStackTrace: string | undefined;
}

interface Question {
  readonly clientId: string;
  readonly timer: Timer;
  readonly resolve: (answer: ClientAnswer) => void;
  readonly reject: (error: SluiceError) => void;
}

export class ClientQuestions {
  readonly #clock: Clock;
  readonly #sessions: Sessions;
  readonly #open = new Map<string, Question>();

  constructor(clock: Clock, sessions: Sessions) {
    this.#clock = clock;
    this.#sessions = sessions;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /**
   * Asks a client; `commandOf` makes the encoded TelemetryCommand.
   * @throws SluiceError CLIENT_NOT_FOUND, TOO_MANY_REQUESTS, CLIENT_TIMEOUT
   */
  ask(
    clientId: string,
    commandOf: (nonce: string) => Buffer,
    waitMs: number,
  ): Promise<ClientAnswer> {
    const streams = this.#sessions.find(clientId)?.streams ?? new Set();
    if (streams.size === 0) return Promise.reject(notConnected(clientId));
    this.#admit(clientId);
    const nonce = randomBytes(NONCE_BYTES).toString('hex');
    const command = commandOf(nonce);
    // The newest first: an older one may be broken without anyone knowing yet.
    const told = [...streams].toReversed().some((stream) => stream.tell?.(command));
    if (!told) {
      const slow = `the client ${clientId} does not read what it is sent`;
      return Promise.reject(new SluiceError('TOO_MANY_REQUESTS', slow));
    }
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimeout(() => {
        const late = `the client ${clientId} has not answered within ${waitMs} ms`;
        this.#take(nonce)?.reject(new SluiceError('CLIENT_TIMEOUT', late));
      }, waitMs);
      this.#open.set(nonce, { clientId, timer, resolve, reject });
    });
  }

  #admit(clientId: string): void {
    const { openMax, openPerClientMax } = QUESTION;
    const ofClient = [...this.#open.values()].filter((open) => open.clientId === clientId).length;
    if (this.#open.size < openMax && ofClient < openPerClientMax) return;
    throw new SluiceError(
      'TOO_MANY_REQUESTS',
      `${openMax} questions to clients, ${openPerClientMax} to one of them, may be open`,
    );
  }

  #take(nonce: string): Question | undefined {
    const question = this.#open.get(nonce);
    this.#open.delete(nonce);
    question?.timer.cancel();
    return question;
  }

  /** Passes over what nobody has asked this client. */
  answered(clientId: string, answer: ClientAnswer): void {
    if (this.#open.get(answer.nonce)?.clientId !== clientId) return;
    this.#take(answer.nonce)?.resolve(answer);
  }

  /** It is gone for good: there will be no answers. */
  clientGone(clientId: string): void {
    for (const [nonce, question] of this.#open) {
      if (question.clientId === clientId) this.#take(nonce)?.reject(notConnected(clientId));
    }
  }
}

function notConnected(clientId: string): SluiceError {
  return new SluiceError('CLIENT_NOT_FOUND', `no client ${clientId} is connected to this broker`);
}
