/** A client's end of a Telemetry stream that needs no transport. */
import type { Duplex } from '#proto/grpc-transport/call';
import { codec } from '#proto/messages';
import type { Settings, TelemetryCommandInput } from '#proto/types';

const command = codec('TelemetryCommand');

export class TelemetryStream implements Duplex {
  readonly written: Buffer[] = [];
  ended = false;
  failure: { status: number; message: string } | undefined;
  #onMessage: (message: Buffer) => void = () => undefined;
  #onEnd: () => void = () => undefined;

  write(message: Buffer): boolean {
    this.written.push(message);
    return true;
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  onMessage(listener: (message: Buffer) => void): void {
    this.#onMessage = listener;
  }

  onEnd(listener: () => void): void {
    this.#onEnd = listener;
  }

  end(): void {
    this.ended = true;
  }

  fail(status: number, message: string): void {
    this.failure ??= { status, message };
  }

  /** The client says something. */
  say(value: TelemetryCommandInput): void {
    this.#onMessage(command.encode(value));
  }

  sayBytes(bytes: Buffer): void {
    this.#onMessage(bytes);
  }

  /** The client closes its half. */
  close(): void {
    this.#onEnd();
  }

  get commands() {
    return this.written.map((bytes) => command.decode(bytes));
  }

  /** The settings of the last answer. */
  get settings(): Settings | undefined {
    return this.commands.at(-1)?.settings;
  }
}
