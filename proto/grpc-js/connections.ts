/** The connections that grpc-js serves: it has no handle for one, only the address of its peer. */
import type { Socket } from 'node:net';

export interface Connection {
  readonly socket: Socket;
  /** `address:port` of the client, which behind a proxy is not the other end of the socket. */
  readonly peer: string;
}

export class Connections {
  /** By the other end of the socket, as grpc-js spells it. */
  readonly #byAddress = new Map<string, Connection>();

  /** Until the socket is closed. */
  add(socket: Socket, peer: string): void {
    const address = `${socket.remoteAddress}:${socket.remotePort}`;
    const connection = { socket, peer };
    this.#byAddress.set(address, connection);
    socket.once('close', () => {
      // A new connection may have the address of one that is not quite gone.
      if (this.#byAddress.get(address) === connection) this.#byAddress.delete(address);
    });
  }

  /** Undefined once it is closed. */
  at(address: string): Connection | undefined {
    return this.#byAddress.get(address);
  }

  /** All of them. */
  cut(): void {
    for (const { socket } of this.#byAddress.values()) socket.destroy();
  }
}
