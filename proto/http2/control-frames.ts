/** SETTINGS, PING and PRIORITY of one connection, both ways. RFC 9113 6.3, 6.5, 6.7 */
import { HTTP2 } from '#lib/transport-limits';
import { ConnectionError, wrongLength, wrongStream } from '#proto/http2/errors';
import type { FloodGuard } from '#proto/http2/flood-guard';
import { checkDependency } from '#proto/http2/payload';
import type { HpackEncoder } from '#proto/http2/hpack/encoder';
import type { Output } from '#proto/http2/output';
import {
  ERROR,
  FLAG,
  FRAME,
  PING_BYTES,
  PRIORITY_BYTES,
  SETTING,
  SETTING_BYTES,
  WINDOW_BYTES_DEFAULT,
} from '#proto/http2/protocol';
import type { Sender } from '#proto/http2/sender';
import { encodeSettings, readSettings } from '#proto/http2/settings';
import type { Http2Stream } from '#proto/http2/stream';

export interface ControlLimits {
  readonly metadataBytesMax: number;
  readonly streamsPerConnectionMax: number;
}

/** The parts of the connection that such frames change. */
interface Controlled {
  readonly sender: Sender;
  readonly guard: FloodGuard;
  readonly streams: ReadonlyMap<number, Http2Stream>;
}

export class ControlFrames {
  readonly #connection: Controlled;
  readonly #output: Output;
  readonly #encoder: HpackEncoder;
  readonly #limits: ControlLimits;
  #onPong: (() => void) | undefined;

  constructor(connection: Controlled, encoder: HpackEncoder, limits: ControlLimits) {
    this.#connection = connection;
    this.#output = connection.sender.output;
    this.#encoder = encoder;
    this.#limits = limits;
  }

  /** What a connection begins with. */
  greet(): void {
    const { metadataBytesMax, streamsPerConnectionMax } = this.#limits;
    const settings = encodeSettings([
      [SETTING.streamsMax, streamsPerConnectionMax],
      [SETTING.initialWindowBytes, HTTP2.streamWindowBytes],
      [SETTING.headerListBytesMax, metadataBytesMax],
    ]);
    this.#output.head(settings.length, FRAME.settings, 0, 0);
    this.#output.bytes(settings);
    this.#output.windowUpdate(0, HTTP2.connectionWindowBytes - WINDOW_BYTES_DEFAULT);
  }

  /** Whatever comes of the client shows that it is there; `onPong` runs with the answer itself. */
  ping(onPong?: () => void): void {
    this.#onPong = onPong;
    this.#output.head(PING_BYTES, FRAME.ping, 0, 0);
    this.#output.bytes(Buffer.alloc(PING_BYTES));
  }

  /** @throws ConnectionError */
  onSettings(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) throw wrongStream('SETTINGS');
    if ((flags & FLAG.ack) !== 0) {
      if (end !== start) throw wrongLength('SETTINGS');
      this.#connection.guard.spend(1);
      return;
    }
    const settings = (end - start) / SETTING_BYTES;
    this.#connection.guard.spend(HTTP2.settingsCost + settings);
    readSettings(bytes, start, end, (id, value) => this.#applySetting(id, value));
    this.#output.head(0, FRAME.settings, FLAG.ack, 0);
    this.#connection.sender.resume();
  }

  #applySetting(id: number, value: number): void {
    if (id === SETTING.headerTableBytes) this.#encoder.setPeerTableBytesMax(value);
    else if (id === SETTING.frameBytesMax) this.#connection.sender.limitFrames(value);
    else if (id === SETTING.initialWindowBytes) this.#changeStreamWindows(value);
  }

  #changeStreamWindows(bytes: number): void {
    const change = bytes - this.#connection.sender.streamWindow;
    if (change === 0) return;
    this.#connection.guard.spend(this.#connection.streams.size / HTTP2.settingsCost);
    this.#connection.sender.streamWindow = bytes;
    try {
      for (const stream of this.#connection.streams.values()) stream.widen(change);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new ConnectionError(ERROR.flowControl, message);
    }
  }

  /** @throws ConnectionError */
  onPing(flags: number, streamId: number, payload: Buffer): void {
    if (streamId !== 0) throw wrongStream('PING');
    if (payload.length !== PING_BYTES) throw wrongLength('PING');
    this.#connection.guard.spend(1);
    if ((flags & FLAG.ack) !== 0) {
      this.#onPong?.();
      return;
    }
    this.#output.head(PING_BYTES, FRAME.ping, FLAG.ack, 0);
    this.#output.bytes(payload);
  }

  /** @throws ConnectionError */
  onPriority(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId === 0) throw wrongStream('PRIORITY');
    if (end - start !== PRIORITY_BYTES) throw wrongLength('PRIORITY');
    this.#connection.guard.spend(1);
    checkDependency(streamId, bytes, start);
  }
}
