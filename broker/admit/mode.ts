/** What this broker may do at all, by the edition of its fleet and by its place in it. */
import { SluiceError } from '#lib/errors';
import type { Edition } from '#proto/fleet-settings';

/** As the settings of the fleet say it of this broker. */
export interface ModeSettings {
  edition: Edition;
  /** The shard is drained before it is removed: clients' sends are refused, all else goes on. */
  readOnly: boolean;
  /** Of the settings that these are from; told back in the status. */
  revision?: string | undefined;
}

/** A broker outside of a fleet does everything. */
const ALONE: ModeSettings = { edition: 'platinum', readOnly: false };

export class Mode {
  #settings = ALONE;
  #isLeaving = false;

  get edition(): Edition {
    return this.#settings.edition;
  }

  get readOnly(): boolean {
    return this.#settings.readOnly;
  }

  /** Of the fleet's settings; undefined outside of a fleet. */
  get revision(): string | undefined {
    return this.#settings.revision;
  }

  set(settings: ModeSettings): void {
    this.#settings = { ...settings };
  }

  /** The broker stops: from now on clients are to send elsewhere. */
  leave(): void {
    this.#isLeaving = true;
  }

  /**
   * Sends by clients and by hand; not dead letters.
   * @throws SluiceError BROKER_READ_ONLY, SHUTTING_DOWN
   */
  admitSend(): void {
    if (this.#isLeaving) throw new SluiceError('SHUTTING_DOWN', 'the broker is shutting down');
    if (!this.readOnly) return;
    throw new SluiceError(
      'BROKER_READ_ONLY',
      'this broker is read only: it is drained before it is removed; send to another one',
    );
  }

  /** Calls of pull consumers. @throws SluiceError FORBIDDEN */
  admitPull(): void {
    if (this.edition === 'platinum') return;
    throw new SluiceError(
      'FORBIDDEN',
      `pull consumers need the platinum edition, this is the ${this.edition} edition; ` +
        'use a push or a simple consumer',
    );
  }

  /** Another number of queues for a topic. @throws SluiceError FORBIDDEN */
  admitQueueChange(topic: string, from: number, to: number): void {
    if (this.edition === 'platinum' || from === to) return;
    throw new SluiceError(
      'FORBIDDEN',
      `${topic} has ${from} queues for good: their number is fixed in the ${this.edition} ` +
        'edition; make another topic, or use the platinum edition',
    );
  }
}
