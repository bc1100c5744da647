/** A connection carries one transaction at a time: whoever wants it waits for its turn. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined); // whoever wanted it is told
    return turn;
  }
}
