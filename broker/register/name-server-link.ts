/** The stream of reports to one name server: when it breaks, it is opened again. */
import {
  Client,
  credentials,
  Metadata,
  type ClientDuplexStream,
  type ServiceError,
} from '@grpc/grpc-js';
import type { ReportSource } from '#broker/register/report-source';
import type { Clock, Timer } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import { REGISTRY } from '#lib/fleet-limits';
import type { Log } from '#lib/log';
import { Backoff } from '#lib/retry';
import type { BrokerReportInput, RegistryAnswer } from '#proto/fleet-types';
import { brokerReport, REGISTER_PATH, registryAnswer } from '#proto/fleet';

export interface LinkOptions {
  readonly reports: ReportSource;
  readonly clock: Clock;
  readonly log: Log;
  /** The secret of the fleet, if name servers ask for one. */
  readonly token: string | undefined;
  /** `share` may be another one than before. */
  readonly onShare: () => void;
}

type Stream = ClientDuplexStream<Buffer, Buffer>;

const identity = (message: Buffer): Buffer => message;

export class NameServerLink {
  /** `host:port` */
  readonly #address: string;
  readonly #options: LinkOptions;
  readonly #backoff = new Backoff(REGISTRY.reconnect);
  #client: Client | undefined;
  #stream: Stream | undefined;
  #timer: Timer | undefined;
  #isAnswered = false;
  /** Reports on this stream that have no answer yet; answers come in their order. */
  #unanswered = 0;
  #share: number | undefined;
  #isLeaving = false;
  #onLeft: () => void = () => undefined;
  #hasFailed = false;

  constructor(address: string, options: LinkOptions) {
    this.#address = address;
    this.#options = options;
    this.#open();
  }

  /** The name server has answered the latest stream: it knows this broker. */
  get isRegistered(): boolean {
    return this.#isAnswered;
  }

  /** Messages a second, of the quota of the fleet; undefined when the name server says none. */
  get share(): number | undefined {
    return this.#share;
  }

  /** Sends everything; when there is no stream, the next one begins with that. */
  reportAll(): void {
    this.#send(this.#options.reports.full());
  }

  /** Says good-bye. Resolves when the name server has heard it, or can't hear it any more. */
  leave(): Promise<void> {
    this.#isLeaving = true;
    return new Promise((resolve) => {
      this.#onLeft = resolve;
      if (this.#stream) this.#send(this.#options.reports.goodbye());
      else resolve();
    });
  }

  close(): void {
    this.#isLeaving = true;
    this.#timer?.cancel();
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.end();
    this.#client?.close();
  }

  #open(): void {
    const { reports, token } = this.#options;
    // A client for each stream: a used one keeps to its own, slower, idea of when to connect again.
    this.#client = new Client(this.#address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_channelz': 0,
    });
    const metadata = new Metadata();
    if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
    const stream = this.#client.makeBidiStreamRequest(REGISTER_PATH, identity, identity, metadata);
    this.#stream = stream;
    this.#unanswered = 0;
    stream.on('data', (answer: Buffer) => this.#onAnswer(stream, answer));
    stream.on('error', (error: ServiceError) => this.#onBroken(stream, error));
    stream.on('end', () => this.#onBroken(stream, undefined));
    this.#send(reports.full());
  }

  #onAnswer(stream: Stream, bytes: Buffer): void {
    if (stream !== this.#stream) return;
    const answer = this.#decode(stream, bytes);
    if (!answer) return;
    this.#backoff.reset();
    if (!this.#isAnswered) {
      this.#isAnswered = true;
      this.#options.log.info({ nameServer: this.#address }, 'registered at a name server');
    }
    this.#unanswered--;
    this.#setShare(answer.share);
    if (this.#isLeaving) {
      if (this.#unanswered === 0) this.#onLeft();
    } else if (answer.holdingsWanted) {
      this.reportAll();
    } else if (this.#unanswered === 0) {
      this.#scheduleKeepAlive();
    }
  }

  /** Undefined, and the stream is given up, when whoever listens there is no name server. */
  #decode(stream: Stream, bytes: Buffer): RegistryAnswer | undefined {
    try {
      return registryAnswer.decode(bytes);
    } catch (foreign) {
      this.#onBroken(stream, SluiceError.from(foreign));
      stream.cancel();
      return undefined;
    }
  }

  #setShare(told: number | undefined): void {
    const share = told !== undefined && told >= 0 ? told : undefined;
    const isNews = share !== this.#share;
    this.#share = share;
    if (isNews) this.#options.onShare();
  }

  #scheduleKeepAlive(): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#send(this.#options.reports.keepAlive());
    }, REGISTRY.reportMs);
  }

  #onBroken(stream: Stream, error: Error | undefined): void {
    if (stream !== this.#stream) return;
    this.#stream = undefined;
    this.#timer?.cancel();
    this.#client?.close();
    this.#onLeft();
    this.#setShare(undefined);
    if (this.#isLeaving) return;
    const { log, clock } = this.#options;
    // Worth a line once, not at each attempt.
    const isNews = this.#isAnswered || !this.#hasFailed;
    const facts = { nameServer: this.#address, reason: error?.message ?? 'it closed the stream' };
    log[isNews ? 'warn' : 'debug'](facts, 'not registered at a name server; trying again');
    this.#isAnswered = false;
    this.#hasFailed = true;
    this.#timer = clock.setTimeout(() => this.#open(), this.#backoff.nextMs());
  }

  #send(report: BrokerReportInput): void {
    const stream = this.#stream;
    if (!stream) return;
    stream.write(brokerReport.encode(report));
    this.#unanswered++;
    // Also finds an address that swallows packets, and a name server that is gone without a word.
    this.#timer?.cancel();
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#onBroken(stream, new Error(`no answer within ${REGISTRY.answerMs} ms`));
      stream.cancel();
    }, REGISTRY.answerMs);
  }
}
