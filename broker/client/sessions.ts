/**
 * The clients of this broker, from their first Settings on: alive while their Telemetry stream is
 * open and heartbeats come; gone when they say so, or stay away too long (wire.md A.4, A.5).
 */
import type { Clock, Timer } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import { SESSION } from '#lib/limits';

export const CLIENT_KINDS = ['producer', 'push', 'simple', 'pull'] as const;
export type ClientKind = (typeof CLIENT_KINDS)[number];

/** What a client says of itself. */
export interface ClientFacts {
  clientId: string;
  kind: ClientKind;
  /** The full name of a consumer's group; undefined for a producer. */
  group: string | undefined;
  language: string;
  version: string;
  /** `address:port` */
  peer: string;
  /** Full names of the topics whose transactions a producer may be asked about. */
  topics?: readonly string[];
  /** What it calls the machine it runs on. */
  hostname?: string;
  /** What a consumer says it reads. */
  subscriptions?: readonly ClientSubscription[];
}

export interface ClientSubscription {
  /** Full name. */
  readonly topic: string;
  /** FilterType of apache.rocketmq.v2. */
  readonly filterType: number;
  readonly expression: string;
}

/** A client's Telemetry stream, as far as the session needs it. */
export interface SessionStream {
  end(): void;
  /** Sends an encoded TelemetryCommand; false, and nothing is sent, when the client is slow. */
  tell?(command: Buffer): boolean;
}

export interface Session {
  facts: ClientFacts;
  readonly connectedMs: number;
  /** When its settings came last. */
  readonly settingsMs: number;
  readonly streams: ReadonlySet<SessionStream>;
}

interface LiveSession extends Session {
  streams: Set<SessionStream>;
  settingsMs: number;
  lastSeenMs: number;
  /** When its last stream ended; undefined while it has one. */
  lostMs: number | undefined;
}

const NOBODY: ReadonlySet<Session> = new Set();

export class Sessions {
  readonly #clock: Clock;
  readonly #sessions = new Map<string, LiveSession>();
  readonly #producers = new Map<string, Set<LiveSession>>();
  readonly #sweeper: Timer;
  /** A client is gone for good. */
  onGone: (session: Session) => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sweeper = clock.setInterval(() => this.sweep(), SESSION.sweepMs);
  }

  get all(): Iterable<Session> {
    return this.#sessions.values();
  }

  get count(): number {
    return this.#sessions.size;
  }

  find(clientId: string): Session | undefined {
    return this.#sessions.get(clientId);
  }

  isConnected(clientId: string): boolean {
    return this.#sessions.has(clientId);
  }

  /** Settings came on a stream. @throws SluiceError TOO_MANY_REQUESTS */
  register(facts: ClientFacts, stream: SessionStream): void {
    const nowMs = this.#clock.nowMs();
    let session = this.#sessions.get(facts.clientId);
    if (!session) {
      if (this.#sessions.size >= SESSION.sessionsMax) {
        throw new SluiceError('TOO_MANY_REQUESTS', `${SESSION.sessionsMax} clients are connected`);
      }
      session = {
        facts,
        connectedMs: nowMs,
        settingsMs: nowMs,
        streams: new Set(),
        lastSeenMs: nowMs,
        lostMs: undefined,
      };
      this.#sessions.set(facts.clientId, session);
    }
    this.#forgetTopics(session);
    session.facts = facts;
    for (const topic of facts.topics ?? []) this.#produces(session, topic);
    session.settingsMs = nowMs;
    session.streams.add(stream);
    session.lastSeenMs = nowMs;
    session.lostMs = undefined;
  }

  /** The producers of a topic that are there, the first to come first. */
  producers(topic: string): ReadonlySet<Session> {
    return this.#producers.get(topic) ?? NOBODY;
  }

  /** A producer sends to a topic: so it can also be asked, whether its settings name it or not. */
  sends(clientId: string, topic: string): void {
    const session = this.#sessions.get(clientId);
    if (session?.facts.kind !== 'producer') return;
    const { topics = [] } = session.facts;
    if (topics.length >= SESSION.producerTopicsMax || topics.includes(topic)) return;
    session.facts = { ...session.facts, topics: [...topics, topic] };
    this.#produces(session, topic);
  }

  #produces(session: LiveSession, topic: string): void {
    const producers = this.#producers.get(topic);
    if (producers) producers.add(session);
    else this.#producers.set(topic, new Set([session]));
  }

  #forgetTopics(session: LiveSession): void {
    for (const topic of session.facts.topics ?? []) {
      const producers = this.#producers.get(topic);
      producers?.delete(session);
      if (producers?.size === 0) this.#producers.delete(topic);
    }
  }

  streamEnded(clientId: string, stream: SessionStream): void {
    const session = this.#sessions.get(clientId);
    if (!session?.streams.delete(stream) || session.streams.size > 0) return;
    session.lostMs = this.#clock.nowMs();
  }

  /** @throws SluiceError UNRECOGNIZED_CLIENT_TYPE when the client has not sent Settings yet */
  heartbeat(clientId: string): Session {
    const session = this.#sessions.get(clientId);
    if (!session) {
      throw new SluiceError(
        'UNRECOGNIZED_CLIENT_TYPE',
        'the broker has no settings of this client; it sends them on a Telemetry stream',
      );
    }
    session.lastSeenMs = this.#clock.nowMs();
    return session;
  }

  /** It says goodbye; its streams it ends itself, and would open them again if we did. */
  terminate(clientId: string): void {
    const session = this.#sessions.get(clientId);
    if (session) this.#remove(session);
  }

  /** Lets go of clients that are silent, or lost their stream and did not come back. */
  sweep(): void {
    const nowMs = this.#clock.nowMs();
    for (const session of this.#sessions.values()) {
      const lost = session.lostMs !== undefined && nowMs - session.lostMs > SESSION.reconnectMs;
      const silent = nowMs - session.lastSeenMs > SESSION.silentMs;
      if (!lost && !silent) continue;
      this.#remove(session);
      for (const stream of session.streams) stream.end();
    }
  }

  #remove(session: LiveSession): void {
    this.#sessions.delete(session.facts.clientId);
    this.#forgetTopics(session);
    this.onGone(session);
  }

  /** The broker stops: clients are told to come back elsewhere, or later. */
  endStreams(): void {
    for (const session of this.#sessions.values()) {
      for (const stream of session.streams) stream.end();
    }
  }

  stop(): void {
    this.#sweeper.cancel();
  }
}
