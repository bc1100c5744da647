/** Which brokers have which topics: what every route answer is made of. Knows nothing of time. */
import type { HostPort } from '#lib/host-port';
import type { RoutedTopic } from '#proto/route';

/** What one broker has. Names carry their namespace. */
export interface BrokerRoutes {
  /** The address that clients dial, by name of the listener. */
  readonly listeners: ReadonlyMap<string, HostPort>;
  readonly topics: ReadonlyMap<string, RoutedTopic>;
  /** Consumer groups that get their messages in order. */
  readonly orderedGroups: ReadonlySet<string>;
}

/** A topic at one broker. */
export interface TopicAtBroker {
  readonly broker: string;
  readonly listeners: BrokerRoutes['listeners'];
  readonly topic: RoutedTopic;
}

export class RouteTable {
  readonly #brokers = new Map<string, BrokerRoutes>();
  /** Brokers of each topic, sorted: clients rebuild their loops when the order changes. */
  readonly #brokersOfTopic = new Map<string, readonly string[]>();

  /** Takes the place of all that was known of the broker. */
  set(broker: string, routes: BrokerRoutes): void {
    const before = this.#brokers.get(broker);
    this.#brokers.set(broker, routes);
    for (const topic of before?.topics.keys() ?? []) {
      if (!routes.topics.has(topic)) this.#unlist(topic, broker);
    }
    for (const topic of routes.topics.keys()) {
      if (!before?.topics.has(topic)) this.#list(topic, broker);
    }
  }

  remove(broker: string): void {
    const before = this.#brokers.get(broker);
    this.#brokers.delete(broker);
    for (const topic of before?.topics.keys() ?? []) this.#unlist(topic, broker);
  }

  get brokerCount(): number {
    return this.#brokers.size;
  }

  get topicCount(): number {
    return this.#brokersOfTopic.size;
  }

  /** By name of the broker; empty when no broker has the topic. */
  find(topic: string): readonly TopicAtBroker[] {
    const found: TopicAtBroker[] = [];
    for (const broker of this.#brokersOfTopic.get(topic) ?? []) {
      const routes = this.#brokers.get(broker);
      const queues = routes?.topics.get(topic);
      if (routes && queues) found.push({ broker, listeners: routes.listeners, topic: queues });
    }
    return found;
  }

  isOrdered(group: string): boolean {
    for (const { orderedGroups } of this.#brokers.values()) {
      if (orderedGroups.has(group)) return true;
    }
    return false;
  }

  #list(topic: string, broker: string): void {
    const brokers = this.#brokersOfTopic.get(topic) ?? [];
    this.#brokersOfTopic.set(topic, [...brokers, broker].sort());
  }

  #unlist(topic: string, broker: string): void {
    const rest = this.#brokersOfTopic.get(topic)?.filter((name) => name !== broker) ?? [];
    if (rest.length > 0) this.#brokersOfTopic.set(topic, rest);
    else this.#brokersOfTopic.delete(topic);
  }
}
