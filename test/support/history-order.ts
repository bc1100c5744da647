/** In which order messages came, and what of that is wrong. Parts of a history. */

type Report = (violation: string) => void;

/** Ids of one message group whose sends were answered, one after the other. */
export class Lines {
  readonly #lines = new Map<string, string[]>();

  clone(): Lines {
    const copy = new Lines();
    for (const [line, ids] of this.#lines) copy.#lines.set(line, [...ids]);
    return copy;
  }

  /** How many are stored by now: those come before what is sent from now on. */
  length(line: string): number {
    return this.#lines.get(line)?.length ?? 0;
  }

  add(line: string, id: string): void {
    const ids = this.#lines.get(line);
    if (ids) ids.push(id);
    else this.#lines.set(line, [id]);
  }

  at(line: string, index: number): string {
    return this.#lines.get(line)?.[index] as string;
  }
}

/** A message in its message group, and how many were stored there before it was sent. */
export interface PlaceInLine {
  readonly line: string;
  readonly after: number;
}

/** For one group of consumers: all that was stored before a message has been through before it. */
export class LineOrder {
  readonly #lines: Lines;
  /** By message group: up to where all have been through. */
  readonly #reached = new Map<string, number>();

  constructor(lines: Lines) {
    this.#lines = lines;
  }

  clone(lines: Lines): LineOrder {
    const copy = new LineOrder(lines);
    for (const [line, reached] of this.#reached) copy.#reached.set(line, reached);
    return copy;
  }

  /** The first message of the line that should have been through, and has not. */
  missingBefore({ line, after }: PlaceInLine, hasBeen: (id: string) => boolean) {
    let reached = this.#reached.get(line) ?? 0;
    while (reached < after && hasBeen(this.#lines.at(line, reached))) reached++;
    this.#reached.set(line, reached);
    return reached < after ? this.#lines.at(line, reached) : undefined;
  }
}

/** Where a message came from, and how often it was handed out. */
export interface Place {
  readonly queue: string;
  readonly offset: number;
  readonly attempt: number;
}

/** Messages that come for the first time come in the order of their queue. */
export class QueueOrder {
  /** By queue: the offset of the latest message that came for the first time. */
  readonly #reached = new Map<string, number>();
  /** By queue: messages that may come late, since the answer that they were in got lost. */
  readonly #mayBeLate = new Map<string, number>();

  clone(): QueueOrder {
    const copy = new QueueOrder();
    for (const [queue, reached] of this.#reached) copy.#reached.set(queue, reached);
    for (const [queue, count] of this.#mayBeLate) copy.#mayBeLate.set(queue, count);
    return copy;
  }

  get queues(): string[] {
    return [...this.#reached.keys()];
  }

  lost(queue: string, messages: number): void {
    this.#mayBeLate.set(queue, (this.#mayBeLate.get(queue) ?? 0) + messages);
  }

  first(id: string, { queue, offset }: Place, report: Report): void {
    const reached = this.#reached.get(queue) ?? -1;
    if (offset > reached) this.#reached.set(queue, offset);
    else if (!this.#isExcused(queue)) report(`${id}, ${queue}/${offset}, came after ${reached}`);
  }

  #isExcused(queue: string): boolean {
    const left = this.#mayBeLate.get(queue) ?? 0;
    this.#mayBeLate.set(queue, left - 1);
    return left > 0;
  }
}
