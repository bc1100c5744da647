/** Bounds the work that a client can cause without asking for anything. */
import { HTTP2 } from '#lib/transport-limits';
import { ConnectionError } from '#proto/http2/errors';
import { ERROR } from '#proto/http2/protocol';

/** Of one connection: frames that bring no work forward, against those that do and the time. */
export class FloodGuard {
  #allowed: number = HTTP2.idleFramesMax;

  /** @throws ConnectionError ENHANCE_YOUR_CALM */
  spend(frames: number): void {
    this.#allowed -= frames;
    if (this.#allowed < 0) {
      throw new ConnectionError(ERROR.enhanceYourCalm, 'too many frames that ask for nothing');
    }
  }

  /** Work was done, which such frames go with: a window of its own for each answer. */
  earn(frames: number): void {
    this.#allowed = Math.min(HTTP2.idleFramesMax, this.#allowed + frames);
  }

  elapsed(ms: number): void {
    this.earn((HTTP2.idleFramesPerSecond * ms) / 1000);
  }
}
