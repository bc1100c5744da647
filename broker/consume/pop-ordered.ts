/**
 * Pop for ordered groups: like any other, but a message group of which something is out gives no
 * further message until that is done or free again (wire.md A.8). An answer may have several
 * messages of one message group, in their order.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

import { CONSUME } from '#lib/limits';
import { PROPERTY } from '#proto/properties';

import type { ConsumeQueue } from '#broker/store/consume-queue';
import { MessageOrder } from '#broker/consume/message-order';
import type { Line } from '#broker/consume/message-order';
import { placeIn } from '#broker/consume/message-reader';
import type { MessagePlace, MessageReader } from '#broker/consume/message-reader';
import { mayTake, readMessage } from '#broker/consume/pop-request';
import type { PopRequest, ReadMessage, Taken } from '#broker/consume/pop-request';
import type { ProgressTable } from '#broker/consume/progress-table';
import type { Lease, Progress } from '#broker/consume/progress';

/** What a message without message group is ordered by: its queue. No message group is empty. */
const WHOLE_QUEUE = '';

export interface OrderedPopOptions {
  progress: ProgressTable;
  reader: MessageReader;
  committed: () => number;
  grant: (request: PopRequest, progress: Progress, offset: number, attempt: number) => Lease;
}

type Found = Omit<Taken, 'lease'>;

/** What one answer has of a line. */
interface Share {
  count: number;
  last: Lease;
}

/** What must be waited for before there may be more; undefined when there is no more for now. */
type Wait = Promise<unknown> | undefined;

/** One receive in one queue. */
interface Visit {
  request: PopRequest;
  queue: ConsumeQueue;
  progress: Progress;
  order: MessageOrder;
  taken: Taken[];
  shares: Map<Line, Share>;
  /** Messages read from the disk: the next look at them finds them here. */
  fetched: Map<number, ReadMessage | undefined>;
  /** It hands out once more what its attempt has already. */
  isRepeat: boolean;
  /** It must not take any more. */
  isOver: boolean;
}

export class OrderedPop {
  readonly #options: OrderedPopOptions;
  readonly #orders = new WeakMap<Progress, MessageOrder>();

  constructor(options: OrderedPopOptions) {
    this.#options = options;
  }

  /**
   * The queues that still hide messages for an earlier receive of the same attempt: it gets these
   * again, and nothing else.
   */
  queuesOfAttempt({ group, topic, attemptId }: PopRequest): ConsumeQueue[] {
    if (attemptId === undefined) return [];
    return topic.queues.filter(({ queueId }) => {
      const progress = this.#options.progress.find(group.id, topic.id, queueId);
      const order = progress && this.#orders.get(progress);
      const isInForce = order !== undefined && progress?.listener === order;
      return isInForce && order.heldBy(attemptId).length > 0;
    });
  }

  /**
   * What leases all that it can of the queue at each call, and returns what must be waited for
   * before there may be more.
   */
  begin(request: PopRequest, queue: ConsumeQueue, progress: Progress, taken: Taken[]): () => Wait {
    const { attemptId } = request;
    const order = this.#orderOf(request, progress);
    const visit: Visit = {
      request,
      queue,
      progress,
      order,
      taken,
      shares: new Map(),
      fetched: new Map(),
      isRepeat: attemptId !== undefined && order.heldBy(attemptId).length > 0,
      isOver: false,
    };
    return () => this.#step(visit);
  }

  #orderOf({ topic }: PopRequest, progress: Progress): MessageOrder {
    const isGlobal = topic.kind === 'global-fifo';
    let order = this.#orders.get(progress);
    if (order?.isGlobal !== isGlobal || progress.listener !== order) {
      order = new MessageOrder(progress, isGlobal);
      this.#orders.set(progress, order);
      progress.listener = order;
    }
    return order;
  }

  #step(visit: Visit): Wait {
    const { queue, progress, order } = visit;
    if (progress.listener !== order) return undefined; // a reset meanwhile: the order begins anew
    progress.advance(queue.minOffset);
    const unplaced = this.#placeAll(visit);
    if (unplaced) return unplaced;
    if (visit.isRepeat) return this.#repeat(visit);
    for (let line = order.firstReady; line && hasRoom(visit); line = order.firstReady) {
      const wait = this.#takeFrom(visit, line, CONSUME.orderedShareMax);
      if (wait) return wait;
    }
    const wait = this.#scan(visit);
    if (wait) return wait;
    for (const line of visit.shares.keys()) {
      const more = this.#takeFrom(visit, line, Infinity);
      if (more) return more;
    }
    return undefined;
  }

  /** Finds the lines of what was handed out before they were known. */
  #placeAll(visit: Visit): Wait {
    const { order, queue, progress } = visit;
    let looks = 0;
    for (let offset = order.firstUnplaced; offset !== undefined; offset = order.firstUnplaced) {
      if (offset < queue.minOffset) {
        this.#options.progress.drop(progress, offset); // retention has taken it
        continue;
      }
      if (looks++ >= CONSUME.orderedScanPerTurn) return nextTurn();
      const run = queue.find(offset);
      if (!run) return this.#options.reader.place(queue, offset);
      const read = this.#read(visit, offset, placeIn(run, offset));
      if (read instanceof Promise) return read;
      order.place(offset, order.line(lineName(order, offset, read)));
    }
    return undefined;
  }

  /** The client has not got the answer to its receive: the same messages, the same attempt. */
  #repeat(visit: Visit): Wait {
    const { request, queue, progress, order, taken } = visit;
    const held = order.heldBy(request.attemptId ?? '');
    const missing = held.find((offset) => !this.#options.reader.placeNow(queue, offset));
    if (missing !== undefined) return this.#options.reader.place(queue, missing);
    for (const offset of held) {
      if (!mayTake(request, taken)) return undefined;
      const place = this.#options.reader.placeNow(queue, offset) as MessagePlace;
      this.#take(visit, offset, { queue, place }, progress.lease(offset)?.attempt ?? 1);
    }
    return undefined;
  }

  /** Takes from a line until the answer has `countMax` of it. */
  #takeFrom(visit: Visit, line: Line, countMax: number): Wait {
    const { request, queue, progress, order, taken, shares } = visit;
    const { reader } = this.#options;
    for (;;) {
      const share = shares.get(line);
      if (share && !mayFollow(share)) visit.isOver = true;
      if ((share?.count ?? 0) >= countMax || !hasRoom(visit)) return undefined;
      const offset = order.firstOf(line);
      if (offset === undefined) return undefined;
      if (offset < queue.minOffset) {
        this.#options.progress.drop(progress, offset);
        continue;
      }
      const place = reader.placeNow(queue, offset);
      if (!place) return reader.place(queue, offset);
      visit.isOver = !mayTake(request, taken);
      if (visit.isOver) return undefined;
      this.#takeOf(visit, line, offset, { queue, place });
    }
  }

  /** Looks at messages that nobody has looked at, and takes those whose lines are free. */
  #scan(visit: Visit): Wait {
    const { queue, progress, order, taken } = visit;
    const readable = queue.readable(this.#options.committed());
    const passed: number[] = [];
    let scanned = 0;
    let wait: Wait;
    order.frontier = Math.max(order.frontier, progress.next);
    while (order.frontier < readable && hasRoom(visit)) {
      if (isTooFar(visit)) break;
      if (scanned++ >= CONSUME.orderedScanPerTurn) {
        if (taken.length === 0) wait = nextTurn();
        break;
      }
      wait = this.#look(visit, order.frontier, passed);
      if (wait || visit.isOver) break;
      order.frontier++;
    }
    this.#pass(progress, passed);
    order.stalled = order.frontier < readable && isTooFar(visit);
    return wait;
  }

  /** Takes the message at the frontier, has it wait, or passes it over. */
  #look(visit: Visit, offset: number, passed: number[]): Wait {
    const { request, queue, progress, order, taken, shares } = visit;
    if (progress.isTaken(offset)) return undefined;
    const run = queue.find(offset);
    if (!run) return this.#options.reader.place(queue, offset);
    if (!request.filter.mayMatch(run.tagHash(offset))) return void passed.push(offset);
    const place = placeIn(run, offset);
    const read = this.#read(visit, offset, place);
    if (read instanceof Promise) return read;
    const wanted = !read || request.filter.accepts(read.properties);
    if (!wanted) return void passed.push(offset);
    const line = order.line(lineName(order, offset, read));
    const share = shares.get(line);
    const mine = share !== undefined && share.count < CONSUME.orderedShareMax && mayFollow(share);
    const isFree = line.waitingCount === 0 && (line.out === 0 || mine);
    if (!isFree) {
      order.wait(offset, line);
      return undefined;
    }
    visit.isOver = !mayTake(request, taken);
    if (!visit.isOver) this.#takeOf(visit, line, offset, { queue, place, read });
    return undefined;
  }

  /** Nobody of the group is to get these. */
  #pass(progress: Progress, passed: number[]): void {
    const between: number[] = [];
    for (const offset of passed) {
      if (offset === progress.next) progress.advance(offset + 1);
      else if (!progress.isTaken(offset)) between.push(offset);
    }
    if (between.length > 0) this.#options.progress.pass(progress, between);
  }

  #takeOf(visit: Visit, line: Line, offset: number, found: Found): void {
    const { progress, order, shares } = visit;
    order.place(offset, line);
    const last = this.#take(visit, offset, found, (progress.lease(offset)?.attempt ?? 0) + 1);
    const share = shares.get(line);
    if (!share) shares.set(line, { count: 1, last });
    else {
      share.count++;
      share.last = last;
    }
  }

  #take({ request, progress, order, taken }: Visit, offset: number, found: Found, attempt: number) {
    const lease = this.#options.grant(request, progress, offset, attempt);
    if (request.attemptId !== undefined) order.remember(request.attemptId, offset);
    const { queue, place, read } = found;
    taken.push({ queue, lease, place, read });
    return lease;
  }

  /** The message, undefined when it can't be read; or what must be waited for to have it. */
  #read(
    visit: Visit,
    offset: number,
    place: MessagePlace,
  ): ReadMessage | undefined | Promise<void> {
    const { queue, fetched } = visit;
    const { reader } = this.#options;
    if (fetched.has(offset)) return fetched.get(offset);
    try {
      const message = reader.readNow(place, queue, offset);
      if (message) return readMessage(message);
    } catch {
      return undefined;
    }
    return this.#fetch(visit, offset, place);
  }

  /** Reads from the disk what the visit is to look at next: one wait for all that it may take. */
  async #fetch(visit: Visit, from: number, first: MessagePlace): Promise<void> {
    const { queue, order, progress, request, taken, fetched } = visit;
    const { reader, committed } = this.#options;
    fetched.clear();
    const reads: Promise<void>[] = [];
    const wanted = from === order.frontier ? request.batchSize - taken.length : 1;
    const end = Math.min(from + wanted, queue.readable(committed()));
    let bytes = 0;
    for (let offset = from, place: MessagePlace | undefined = first; place !== undefined;) {
      bytes += place.size;
      if (!progress.isTaken(offset) || offset === from) {
        reads.push(this.#fetchOne(visit, offset, place));
      }
      offset++;
      const isEnough = offset >= end || bytes >= CONSUME.orderedReadAheadBytes;
      place = isEnough ? undefined : reader.placeNow(queue, offset);
    }
    await Promise.all(reads);
  }

  async #fetchOne({ queue, fetched }: Visit, offset: number, place: MessagePlace): Promise<void> {
    try {
      fetched.set(offset, readMessage(await this.#options.reader.read(place, queue, offset)));
    } catch {
      // Whoever is handed a damaged message finds that out once more, and reports it.
      fetched.set(offset, undefined);
    }
  }
}

function hasRoom({ request, progress, taken, isOver }: Visit): boolean {
  const isFull = progress.outstandingCount >= CONSUME.outstandingPerQueueMax;
  return !isOver && !isFull && taken.length < request.batchSize;
}

function isTooFar({ order, progress }: Visit): boolean {
  return order.frontier - progress.next >= CONSUME.orderedLookAheadMax;
}

/** While the answer's last message of a line is held for it, nobody else got the next one. */
function mayFollow({ last }: Share): boolean {
  return last.live && !last.expired;
}

/** What can't be read is a line of its own: nobody can say what it is to be ordered by. */
function lineName(
  { isGlobal }: MessageOrder,
  offset: number,
  read: ReadMessage | undefined,
): string {
  if (!read) return `\u0000${offset}`;
  if (isGlobal) return WHOLE_QUEUE;
  return read.properties.get(PROPERTY.messageGroup) ?? WHOLE_QUEUE;
}
