/** `host:port`, with an IPv6 host in brackets. */

export interface HostPort {
  host: string;
  port: number;
}

const PORT_MAX = 65_535;

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
