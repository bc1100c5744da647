/** What one group of consumers saw. Part of a history. */
import { LineOrder, QueueOrder } from '#support/history-order';
import type { Lines } from '#support/history-order';

export class GroupHistory {
  /** Ids that came at least once. */
  readonly delivered = new Set<string>();
  /** Ids whose acknowledgement was asked for. */
  readonly acking = new Set<string>();
  /** Whatever acknowledgements are told apart by, once they were answered. */
  readonly acked = new Set<string>();
  readonly deadLettered = new Set<string>();
  /** Only groups that promise it: undefined for others. */
  order: { deliveries: LineOrder; acks: LineOrder } | undefined;
  queues = new QueueOrder();
  /** Deliveries of what had come before. */
  duplicates = 0;

  clone(lines: Lines): GroupHistory {
    const copy = new GroupHistory();
    for (const id of this.delivered) copy.delivered.add(id);
    for (const id of this.acking) copy.acking.add(id);
    for (const id of this.acked) copy.acked.add(id);
    for (const id of this.deadLettered) copy.deadLettered.add(id);
    if (this.order) {
      const { deliveries, acks } = this.order;
      copy.order = { deliveries: deliveries.clone(lines), acks: acks.clone(lines) };
    }
    copy.queues = this.queues.clone();
    copy.duplicates = this.duplicates;
    return copy;
  }

  isOrdered(lines: Lines): void {
    this.order ??= { deliveries: new LineOrder(lines), acks: new LineOrder(lines) };
  }

  /** It got the message, or is done with it. */
  has(id: string): boolean {
    return this.delivered.has(id) || this.acking.has(id) || this.deadLettered.has(id);
  }

  /** It is done with the message, or may be. */
  isDone(id: string): boolean {
    return this.acking.has(id) || this.deadLettered.has(id);
  }
}
