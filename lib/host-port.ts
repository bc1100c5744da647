/** `host:port`, with an IPv6 host in brackets. */
import { isIP } from 'node:net';

export interface HostPort {
  host: string;
  port: number;
}

const PORT_MAX = 65_535;
/** The longest name of DNS. */
const HOST_CHARS_MAX = 253;
const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;

/** Undefined when there is no host, or no port from 0 to 65535. */
export function parseHostPort(text: string): HostPort | undefined {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const digits = text.slice(colon + 1);
  if (colon <= 0 || host === '' || !/^\d{1,5}$/.test(digits)) return undefined;
  const port = Number(digits);
  return port <= PORT_MAX ? { host, port } : undefined;
}

export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Listens on all addresses, so that it is none that others could dial. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** Whether others could dial it, as far as one can tell by looking at it. */
export function isDialable({ host, port }: HostPort): boolean {
  const isHost = isIP(host) > 0 || (host.length <= HOST_CHARS_MAX && HOST_NAME.test(host));
  return isHost && Number.isInteger(port) && port >= 1 && port <= PORT_MAX;
}
