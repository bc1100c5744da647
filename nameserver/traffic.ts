/** How many questions for routes there were since the start, for metrics. */
import type { ErrorCode } from '#lib/errors';
import type { Sample } from '#lib/metrics';

/** The questions that a name server answers. */
export type Question = 'QueryRoute' | 'QueryAssignment';
export type Outcome = 'OK' | ErrorCode;

export class Traffic {
  readonly #byQuestion = new Map<Question, Map<Outcome, number>>();

  asked(question: Question, outcome: Outcome): void {
    const outcomes = this.#byQuestion.get(question) ?? new Map<Outcome, number>();
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    this.#byQuestion.set(question, outcomes);
  }

  /** Labels `rpc` and `outcome`: both are of closed lists, so that nobody can make more of them. */
  *samples(): Iterable<Sample> {
    for (const [rpc, outcomes] of this.#byQuestion) {
      for (const [outcome, count] of outcomes) yield [{ rpc, outcome }, count];
    }
  }
}
