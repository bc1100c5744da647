/** The handlers of the gRPC door on a core, called without any transport. */
import type { Core } from '#broker/core';
import type { Services } from '#broker/grpc/services';
import type { Clock } from '#lib/clock';
import type { Call, Outgoing } from '#proto/grpc-transport/call';
import { codec } from '#proto/messages';
import type { MessageName } from '#proto/messages';
import type { Message, ReceiveMessageResponse } from '#proto/types';
import { silentLog } from '#support/core';

export function servicesOf(core: Core, clock: Clock, autoCreate = false): Services {
  const { topics, groups, selector, producer, consumption, sessions, traffic, mode, quota } = core;
  return {
    clock,
    log: silentLog,
    brokerName: 'broker',
    advertised: () => undefined,
    autoCreate,
    topics,
    groups,
    selector,
    producer,
    scheduler: core.scheduler,
    transactions: core.transactions,
    resent: core.resent,
    consumption,
    sessions,
    questions: core.questions,
    members: core.members,
    traffic,
    mode,
    quota,
  };
}

/** A call that the test can cut short. */
export class TestCall implements Call {
  readonly clientId: string;
  readonly language = 'JAVA';
  readonly clientVersion = '5.0.0';
  readonly namespace = '';
  readonly peer = '127.0.0.1:4711';
  readonly listener = 'internal';
  readonly authority = 'localhost:8081';
  readonly deadlineMs: number;
  cancelled = false;
  readonly #listeners: (() => void)[] = [];

  constructor({ clientId = 'client', deadlineMs = Infinity } = {}) {
    this.clientId = clientId;
    this.deadlineMs = deadlineMs;
  }

  header(): string {
    return '';
  }

  binaryHeader(): Buffer | undefined {
    return undefined;
  }

  onCancel(listener: () => void): void {
    if (this.cancelled) listener();
    else this.#listeners.push(listener);
  }

  cancel(): void {
    this.cancelled = true;
    for (const listener of this.#listeners) listener();
  }
}

const received = codec('ReceiveMessageResponse');

/** What a handler wrote; a reader that is slow once `room` messages are written. */
export class TestOutgoing implements Outgoing {
  readonly written: Buffer[] = [];
  room = Infinity;
  #wake: () => void = () => undefined;

  write(message: Buffer): boolean {
    this.written.push(message);
    return this.written.length < this.room;
  }

  drained(): Promise<void> {
    if (this.written.length < this.room) return Promise.resolve();
    return new Promise((resolve) => (this.#wake = resolve));
  }

  /** The reader has read on, or is gone. */
  drain(room = Infinity): void {
    this.room = room;
    this.#wake();
  }

  get responses(): ReceiveMessageResponse[] {
    return this.written.map((bytes) => received.decode(bytes));
  }

  get messages(): Message[] {
    return this.responses.flatMap(({ message }) => (message ? [message] : []));
  }

  /** The code of the status that a receive begins with. */
  get code(): number | undefined {
    return this.responses[0]?.status?.code;
  }
}

export function encode<Name extends MessageName>(
  name: Name,
  value: Parameters<ReturnType<typeof codec<Name>>['encode']>[0],
): Buffer {
  return codec(name).encode(value);
}
