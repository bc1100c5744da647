/**
 * A load generator as a process of its own, so that its CPU time is not the server's. It speaks to
 * any server of `apache.rocketmq.v2`. Options: `load/options.ts`; output: `load/report.ts`.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Consumer } from './load/consume.ts';
import { Holder } from './load/hold.ts';
import { newIdPrefix } from './load/message-id.ts';
import { fromArguments, type LoadOptions } from './load/options.ts';
import { Producer } from './load/produce.ts';
import type { LoadEvent, LoadReport } from './load/report.ts';
import { Run } from './load/run.ts';
import { SendRequest } from './load/send-request.ts';
import { type Role, Session } from './load/session.ts';

/** A drain that has not ended and in which nothing arrives for this long has lost the rest. */
const SILENCE_MS = 30_000;
const CHECK_MS = 5;
/** A server that is still not warm then is measured as it is. */
const WARMUP_MS_MAX = 120_000;

interface Measured {
  readonly messages: number;
  readonly seconds: number;
  readonly generatorCpuMicros: number;
}

function say(event: LoadEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

class Generator {
  readonly #options: LoadOptions;
  readonly #run = new Run();
  readonly #sessions: Session[] = [];

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  async load(): Promise<LoadReport> {
    const { mode } = this.#options;
    if (mode === 'hold') return this.#hold();
    const producer = mode === 'produce' || mode === 'both' ? await this.#producer() : undefined;
    const consumer = mode === 'produce' ? undefined : await this.#consumer();
    say({ event: 'started' });
    consumer?.start();
    producer?.start();
    const measured = await this.#measure(producer, consumer);
    producer?.stop();
    await producer?.finished;
    if (mode === 'both' && consumer !== undefined) {
      await this.#arrival(consumer, () => this.#run.sent);
    }
    consumer?.stop();
    for (const session of this.#sessions) await session.close();
    return this.#report(measured);
  }

  async #hold(): Promise<LoadReport> {
    const holder = new Holder(this.#run, this.#options);
    await holder.open();
    say({ event: 'started' });
    const measured = await this.#measure(undefined, undefined);
    holder.check();
    holder.close();
    return this.#report(measured);
  }

  async #measure(
    producer: Producer | undefined,
    consumer: Consumer | undefined,
  ): Promise<Measured> {
    const { mode, seconds, messages, warmupMessages, warmupSeconds } = this.#options;
    if (mode === 'drain' && consumer !== undefined) {
      await this.#arrival(consumer, () => warmupMessages);
      return this.#window(() => this.#arrival(consumer, () => messages));
    }
    if (messages > 0 && producer !== undefined) return this.#window(() => producer.finished);
    await delay(warmupSeconds * 1000);
    const deadline = performance.now() + WARMUP_MS_MAX;
    while (this.#run.sent < warmupMessages && performance.now() < deadline) await delay(CHECK_MS);
    return this.#window(() => delay(seconds * 1000));
  }

  async #window(work: () => Promise<unknown>): Promise<Measured> {
    const count = (): number =>
      this.#options.mode === 'produce' ? this.#run.sent : this.#run.acked;
    this.#run.startMeasuring();
    say({ event: 'measuring' });
    const messagesBefore = count();
    const cpuBefore = process.cpuUsage();
    const startedAt = performance.now();
    await work();
    const seconds = (performance.now() - startedAt) / 1000;
    const cpu = process.cpuUsage(cpuBefore);
    say({ event: 'measured' });
    return {
      messages: count() - messagesBefore,
      seconds,
      generatorCpuMicros: cpu.user + cpu.system,
    };
  }

  /** Until so many messages are acknowledged, or none came for too long. */
  async #arrival(consumer: Consumer, expected: () => number): Promise<void> {
    const { run } = consumer;
    consumer.lastArrivalAt = performance.now();
    while (run.acked < expected() || run.arrivals.distinct < expected()) {
      if (performance.now() - consumer.lastArrivalAt > SILENCE_MS) return;
      await delay(CHECK_MS);
    }
  }

  async #producer(): Promise<Producer> {
    const { topics, bodyBytes, inFlight, messages, mode, kind } = this.#options;
    const sessions = await this.#open('producer');
    const idPrefix = newIdPrefix();
    const requests = topics.map((topic) => {
      const queues = sessions[0]?.routes.get(topic)?.queues ?? 1;
      const schedule = this.#options;
      return new SendRequest({ topic, queues, idPrefix, bodyBytes, kind, schedule });
    });
    const limit = mode === 'produce' && messages > 0 ? messages : Infinity;
    const commits = kind === 'transaction';
    return new Producer(this.#run, { sessions, requests, inFlight, messages: limit, commits });
  }

  async #consumer(): Promise<Consumer> {
    const { topics, group, receivers, batch, ack, bodyBytes, mode, consumer } = this.#options;
    const { filter, filterType, kind } = this.#options;
    return new Consumer(this.#run, {
      sessions: await this.#open(consumer),
      topics,
      group,
      receivers,
      batch,
      ack,
      autoRenew: consumer === 'push',
      bodyBytes,
      timed: mode === 'both',
      filter,
      filterType,
      schedule: this.#options,
      scheduled: kind === 'scheduled',
    });
  }

  async #open(role: Role): Promise<Session[]> {
    const { host, port, topics, group, connections } = this.#options;
    const onError = (what: string): void => this.#run.errors.add(what);
    const opened: Session[] = [];
    for (let index = 0; index < connections; index++) {
      opened.push(await Session.open({ host, port, role, topics, group, onError }));
    }
    this.#sessions.push(...opened);
    return opened;
  }

  #report(measured: Measured): LoadReport {
    const { errors, arrivals, sent, acked, ...latencies } = this.#run;
    const { mode, messages } = this.#options;
    const expected = mode === 'both' ? sent : mode === 'drain' ? messages : 0;
    return {
      ...measured,
      sent,
      acked,
      arrivedDistinct: arrivals.distinct,
      arrivedAgain: arrivals.again,
      lost: Math.max(0, expected - arrivals.distinct),
      errors: errors.report(),
      sendLatency: latencies.sendLatency.report(),
      ackLatency: latencies.ackLatency.report(),
      endToEndLatency: latencies.endToEndLatency.report(),
      firedLatency: latencies.firedLatency.report(),
    };
  }
}

say({ event: 'done', report: await new Generator(fromArguments(process.argv.slice(2))).load() });
process.exit(0);
