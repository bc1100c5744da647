/** A proxy on the loopback that fails as networks do. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface Target {
  readonly host: string;
  readonly port: number;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  isSwallowed: boolean;
  isMute: boolean;
}

export class TcpProxy {
  readonly #target: Target;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #isRefusing = false;
  #port = 0;
  /** Connections that were accepted so far. */
  accepted = 0;

  private constructor(target: Target) {
    this.#target = target;
    this.#server = createServer((near) => this.#accept(near));
  }

  static async start(target: Target): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    proxy.#port = (proxy.#server.address() as AddressInfo).port;
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** Breaks all connections that there are. */
  cut(): void {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy();
      far.destroy();
    }
  }

  /** The connections that there are stay open, and carry nothing any more; new ones do. */
  swallow(): void {
    for (const pair of this.#pairs) pair.isSwallowed = true;
  }

  /** What the target says on the connections that there are gets lost; what it is told does not. */
  mute(): void {
    for (const pair of this.#pairs) pair.isMute = true;
  }

  /** Cuts all, and lets no new one in until told otherwise. */
  refuse(isRefusing: boolean): void {
    this.#isRefusing = isRefusing;
    if (isRefusing) this.cut();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(near: Socket): void {
    this.accepted += 1;
    if (this.#isRefusing) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(this.#target);
    const pair: Pair = { near, far, isSwallowed: false, isMute: false };
    this.#pairs.add(pair);
    const end = (): void => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    near.on('data', (bytes) => pair.isSwallowed || far.write(bytes));
    far.on('data', (bytes) => pair.isSwallowed || pair.isMute || near.write(bytes));
    for (const socket of [near, far]) {
      // A connection that breaks is what this is for; its end closes the other side.
      socket.on('error', () => undefined);
      socket.on('close', end);
    }
  }
}
