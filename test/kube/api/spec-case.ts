/** Specs that the API server must refuse, each with a valid neighbour that it must take. */

/** Fields of the spec; `name` of the object instead, where that is what matters. */
export interface Change {
  readonly [field: string]: unknown;
}

export interface SpecCase {
  readonly what: string;
  /** Of the object; made up where it is not given. */
  readonly name?: string;
  /** What is stored already, where the case is a change. */
  readonly before?: Change;
  readonly bad: Change;
  /** All that a person gets, after `KIND "NAME" is invalid: `. */
  readonly message: string;
  readonly good: Change;
  /** The good one's name. */
  readonly goodName?: string;
}
