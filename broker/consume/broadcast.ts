/**
 * Broadcast: every member of the group gets every message. It pulls them, and may keep its position
 * here, which is its own: what one member has read says nothing of the others.
 */
import { SluiceError } from '#lib/errors';

import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import type { MemberTable } from '#broker/consume/member-table';
import type { Pull } from '#broker/consume/pull';

export class Broadcast {
  readonly members: MemberTable;
  readonly #pull: Pull;
  readonly #committed: () => number;

  constructor(members: MemberTable, pull: Pull, committed: () => number) {
    this.members = members;
    this.#pull = pull;
    this.#committed = committed;
  }

  /**
   * Where the member goes on; where retention has been faster, at the first message still there.
   * @throws SluiceError OFFSET_NOT_FOUND when it stored nothing: its own policy says where to begin
   */
  offsetOf(group: Group, member: string, topic: Topic, queueId: number): number {
    const { minOffset } = this.#pull.queue(topic, queueId);
    const place = { groupId: group.id, topicId: topic.id, queueId, member };
    const offset = this.members.find(place);
    this.members.seen(group.id, member);
    if (offset !== undefined) return Math.max(offset, minOffset);
    throw new SluiceError(
      'OFFSET_NOT_FOUND',
      `${member} of ${group.name} has no offset in queue ${queueId} of ${topic.name}`,
    );
  }

  /**
   * Keeps a member's position; stored once the log is committed up to the returned position.
   * @throws SluiceError ILLEGAL_OFFSET when it would go back (P3), or is beyond the queue's end
   */
  storeOffset(group: Group, member: string, topic: Topic, queueId: number, offset: number): number {
    const queue = this.#pull.queue(topic, queueId);
    const place = { groupId: group.id, topicId: topic.id, queueId, member };
    const readable = queue.readable(this.#committed());
    const lowest = this.members.find(place) ?? 0;
    if (offset < lowest || offset > readable) {
      throw new SluiceError(
        'ILLEGAL_OFFSET',
        `an offset from ${lowest}, that of this member, to ${readable} is allowed, not ${offset}`,
      );
    }
    return this.members.record(group, place, offset);
  }
}
