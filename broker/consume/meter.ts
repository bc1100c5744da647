/** Who says how much may be delivered; asked by whatever hands messages out. */
export interface Meter {
  /** Before the first message of an answer. @throws SluiceError TOO_MANY_REQUESTS */
  admitReceive(): void;
  /** Charges one message; false when the answer is to go out with fewer. */
  chargeReceive(): boolean;
}

/** For what people look at by hand. */
export const UNMETERED: Meter = {
  admitReceive: () => undefined,
  chargeReceive: () => true,
};
