/** Judges objects by what other objects there are; what one object says of itself is CEL's. */
import { API_VERSION } from '#kube/names';
import { GROUPS, INSTANCES, TOPICS } from '#kube/resources';
import type { Sample } from '#lib/metrics';
import { LET_IN, type Check } from '#operator/webhook/check';
import { checkGroup } from '#operator/webhook/group-check';
import { checkInstance } from '#operator/webhook/instance-check';
import type { Known } from '#operator/webhook/known';
import { answerReview, parseReview, type AdmissionRequest } from '#operator/webhook/review';
import { checkTopic } from '#operator/webhook/topic-check';

const CHECKS: ReadonlyMap<string, Check> = new Map([
  [INSTANCES.kind, checkInstance],
  [TOPICS.kind, checkTopic],
  [GROUPS.kind, checkGroup],
]);

/** Stands for every other kind: anybody can think of names. */
const OTHER = 'other';

export class Checker {
  readonly #known: Known;
  readonly #counts = new Map<string, { allowed: number; refused: number }>();

  constructor(known: Known) {
    this.#known = known;
  }

  /** Answers an AdmissionReview. Throws BAD_REQUEST for what is none. */
  answer(body: string): object {
    const request = parseReview(body);
    const kind = checkedKind(request);
    const check = CHECKS.get(kind);
    const verdict = check ? check(request, this.#known) : LET_IN;
    this.#count(kind, verdict.problems.length === 0);
    return answerReview(request, verdict);
  }

  /** Requests so far, by kind and outcome. */
  *counts(): Generator<Sample> {
    for (const [kind, { allowed, refused }] of this.#counts) {
      yield [{ kind, allowed: 'true' }, allowed];
      yield [{ kind, allowed: 'false' }, refused];
    }
  }

  #count(kind: string, isAllowed: boolean): void {
    const counts = this.#counts.get(kind) ?? { allowed: 0, refused: 0 };
    if (isAllowed) counts.allowed += 1;
    else counts.refused += 1;
    this.#counts.set(kind, counts);
  }
}

function checkedKind({ kind: { group, version, kind } }: AdmissionRequest): string {
  return `${group}/${version}` === API_VERSION && CHECKS.has(kind) ? kind : OTHER;
}
