/** The admin service of RocketMQ on a core with a topic, a group, and members of that group. */
import fs from 'node:fs/promises';

import type { Core } from '#broker/core';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import { ClientType, FilterType } from '#proto/types';
import { openCore, send, temporaryDirectory } from '#support/core';
import { openAdminStand } from '#support/rocketmq-admin';
import type { AdminStand, RocketmqAdminClient } from '#support/rocketmq-admin';
import { RawClient, consumerSettings, producerSettings } from '../conformance/raw-client.ts';
import type { Telemetry } from '../conformance/raw-client.ts';

export const TOKEN = 'correct-horse-battery';
export const orders = { name: 'orders' };
export const billing = { name: 'billing' };
export const nobody = { name: 'nobody' };

export interface StageClient {
  readonly clientId: string;
  readonly telemetry: Telemetry;
}

export class AdminStage {
  readonly #directory: string;
  readonly #clients: RawClient[] = [];
  core!: Core;
  stand!: AdminStand;
  /** `orders`, with two queues. */
  topic!: Topic;
  /** `billing`. */
  group!: Group;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async open(): Promise<AdminStage> {
    const stage = new AdminStage(await temporaryDirectory());
    await stage.#open();
    return stage;
  }

  async #open(): Promise<void> {
    this.core = await openCore(this.#directory);
    const { topics, groups } = this.core;
    this.topic = topics.find('orders') ?? (await topics.create('orders', 'normal', 2));
    this.group = groups.find('billing') ?? (await groups.create('billing'));
    this.stand = await openAdminStand(this.core, { token: TOKEN });
  }

  async restart(): Promise<void> {
    await this.#close();
    await this.#open();
  }

  async #close(): Promise<void> {
    await this.stand.stop();
    await this.core.close();
  }

  async dispose(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.#close();
    await fs.rm(this.#directory, { recursive: true });
  }

  get admin(): RocketmqAdminClient {
    return this.stand.admin;
  }

  /** A client at the clients' door, until the test ends. */
  connect(): RawClient {
    const client = new RawClient(this.stand.endpoints);
    this.#clients.push(client);
    return client;
  }

  /** A member of `billing` that reads `orders` by tags. */
  async consumer(expression = '*', type: number = ClientType.PUSH_CONSUMER): Promise<StageClient> {
    const client = this.connect();
    const telemetry = client.telemetry();
    const settings = consumerSettings(client, type, 'billing', 'orders');
    const entry = { topic: orders, expression: { type: FilterType.TAG, expression } };
    const subscription = { ...settings.subscription, subscriptions: [entry] };
    const userAgent = { hostname: 'host-7' };
    telemetry.write({ settings: { ...settings, userAgent, subscription } });
    await telemetry.settings();
    return { clientId: client.clientId ?? '', telemetry };
  }

  async producer(): Promise<StageClient> {
    const client = this.connect();
    const telemetry = client.telemetry();
    telemetry.write({ settings: producerSettings(client, ['orders']) });
    await telemetry.settings();
    return { clientId: client.clientId ?? '', telemetry };
  }

  /** M0, M1, … in the queues 0 and 1 in turn. */
  async fill(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const tag = i % 2 === 0 ? 'even' : 'odd';
      await send(this.core, this.topic, {
        id: `M${i}`,
        queueId: i % 2,
        keys: [`k${i}`, 'all'],
        tag,
      });
    }
  }
}

export function codeOf(answer: { status: { code: number } | null }): number | undefined {
  return answer.status?.code;
}
