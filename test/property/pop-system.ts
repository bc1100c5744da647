/** What the pop model is held against: a core on a directory, and a clock moved by hand. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Core } from '#broker/core';
import type { Progress } from '#broker/consume/progress';
import { nodeFiles } from '#broker/store/files';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import { deadLetterTopic } from '#proto/names';
import { PROPERTY } from '#proto/properties';
import { UNMETERED } from '#broker/consume/meter';
import { TagFilter } from '#broker/consume/filter-tag';
import { openCore, patient, temporaryDirectory } from '#support/core';
import { ManualClock } from '#support/manual-clock';

const TOPIC = 'orders';
const ROOM = { freeBytes: 1e12, totalBytes: 1e12 };
const files = { ...nodeFiles, space: () => Promise.resolve(ROOM) };
/** So small that a run goes over several segments, each with its copy of the state. */
const SEGMENT_BYTES = 2048;
const HEARTBEAT_MS = 30_000;
/** For reading a message from the disk, however busy the machine is. */
const MOVE_MS = 10_000;

export class PopSystem {
  readonly clock = new ManualClock();
  readonly #directory: string;
  core: Core;

  private constructor(directory: string, core: Core) {
    this.#directory = directory;
    this.core = core;
  }

  static async open(queues: number, retries: readonly number[]): Promise<PopSystem> {
    const directory = await temporaryDirectory();
    const system = new PopSystem(directory, undefined as unknown as Core);
    await system.#open();
    await system.core.topics.create(TOPIC, 'normal', queues);
    for (const [i, retryMaxTimes] of retries.entries()) {
      await system.core.groups.create(`group-${i}`, { retryMaxTimes });
    }
    return system;
  }

  async #open(): Promise<void> {
    const { clock } = this;
    const overrides = { clock, files, segmentBytes: SEGMENT_BYTES, durability: 'fast' } as const;
    this.core = await openCore(this.#directory, overrides);
  }

  async reopen({ withoutIndex }: { withoutIndex: boolean }): Promise<void> {
    await this.core.close();
    if (withoutIndex) await fs.rm(path.join(this.#directory, 'index'), { recursive: true });
    await this.#open();
  }

  async close(): Promise<void> {
    await this.core.close();
    await fs.rm(this.#directory, { recursive: true });
  }

  get topic(): Topic {
    return this.core.topics.get(TOPIC);
  }

  group(index: number): Group {
    return this.core.groups.get(`group-${index}`);
  }

  progress(group: number, queueId: number): Progress | undefined {
    return this.core.consumption.progress.find(this.group(group).id, this.topic.id, queueId);
  }

  /** Moves time on while the `connected` clients send their heartbeats. */
  advance(ms: number, connected: ReadonlySet<string>): void {
    for (let left = ms; left > 0; left -= HEARTBEAT_MS) {
      for (const clientId of connected) this.core.sessions.heartbeat(clientId);
      this.clock.advance(Math.min(left, HEARTBEAT_MS));
    }
  }

  connect(clientId: string): void {
    const facts = { clientId, kind: 'push', group: 'group-0', language: 'JAVA' } as const;
    const session = { ...facts, version: '5', peer: '127.0.0.1:1' };
    this.core.sessions.register(session, { end: () => undefined });
  }

  /** Until all that is due by now has happened, moves to the dead letters included. */
  async settle(): Promise<void> {
    this.clock.advance(0);
    await this.#waitWhile(() => this.#isMoving());
    await this.core.store.whenCommitted(this.core.store.end);
  }

  async #waitWhile(moving: () => boolean): Promise<void> {
    const endMs = performance.now() + MOVE_MS;
    while (moving()) {
      if (performance.now() > endMs) throw new Error('a lease that has run out does not end');
      await nextTurn();
    }
  }

  #isMoving(): boolean {
    const nowMs = this.clock.nowMs();
    for (const { id } of this.core.groups.all) {
      for (const progress of this.core.consumption.progress.of(id).values()) {
        const leases = progress.flatMap((queue) => [...(queue?.leases ?? [])]);
        if (leases.some((lease) => !lease.expired && lease.deadlineMs <= nowMs)) return true;
      }
    }
    return false;
  }

  /** Last attempts that end early: nothing in the lease tells that its move is under way. */
  async untilMoved(gone: () => boolean): Promise<void> {
    await this.#waitWhile(() => !gone());
  }

  /** Ids in the dead-letter topic of a group, with what their properties say of their origin. */
  async deadLetters(group: number): Promise<{ id: string; origin: string; originId: string }[]> {
    const name = deadLetterTopic(this.group(group).name);
    const topic = this.core.topics.find(name);
    if (!topic) return [];
    const { pull } = this.core.consumption;
    const found = [];
    for (let offset = 0; offset < (topic.queues[0]?.nextOffset ?? 0);) {
      const request = { group: this.group(group), topic, queueId: 0, offset, batchSize: 32 };
      const filter = TagFilter.parse('*');
      const { messages, nextOffset } = await pull.pull(
        { ...request, filter, meter: UNMETERED },
        0,
        patient,
      );
      for (const { properties } of messages) {
        const text = (property: string): string => properties.get(property) ?? '';
        found.push({
          id: text(PROPERTY.messageId),
          origin: text(PROPERTY.deadLetterTopic),
          originId: text(PROPERTY.deadLetterMessageId),
        });
      }
      offset = nextOffset;
    }
    return found;
  }
}
