/** Counts of what goes through the broker, kept as plain numbers: the hot path only adds. */

/** Messages and their body bytes. */
export class Flow {
  messages = 0;
  bytes = 0;

  add(bytes: number): void {
    this.messages++;
    this.bytes += bytes;
  }
}

function flowOf<Key>(flows: Map<Key, Flow>, key: Key): Flow {
  let flow = flows.get(key);
  if (!flow) flows.set(key, (flow = new Flow()));
  return flow;
}

export class Traffic {
  /** By topic. */
  readonly in = new Map<string, Flow>();
  /** By group, then topic. */
  readonly out = new Map<string, Map<string, Flow>>();
  readonly deadLetters = new Map<string, Map<string, Flow>>();
  readonly acknowledged = new Flow();
  damaged = 0;

  sent(topic: string, bodyBytes: number): void {
    flowOf(this.in, topic).add(bodyBytes);
  }

  delivered(group: string, topic: string, bodyBytes: number): void {
    let topics = this.out.get(group);
    if (!topics) this.out.set(group, (topics = new Map<string, Flow>()));
    flowOf(topics, topic).add(bodyBytes);
  }

  deadLettered(group: string, topic: string): void {
    let topics = this.deadLetters.get(group);
    if (!topics) this.deadLetters.set(group, (topics = new Map<string, Flow>()));
    flowOf(topics, topic).add(0);
  }

  /** Everything in and out so far. */
  get totals(): { in: Flow; out: Flow } {
    const total = { in: new Flow(), out: new Flow() };
    const add = (sum: Flow, { messages, bytes }: Flow): void => {
      sum.messages += messages;
      sum.bytes += bytes;
    };
    for (const flow of this.in.values()) add(total.in, flow);
    for (const topics of this.out.values())
      for (const flow of topics.values()) add(total.out, flow);
    return total;
  }
}
