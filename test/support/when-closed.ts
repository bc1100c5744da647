import type { EventEmitter } from 'node:events';

/**
 * Waits until a connection is gone, in whichever way: one that is cut while bytes are on their way
 * ends with an error, or without one, as it happens.
 */
export function whenClosed(
  connection: EventEmitter & { readonly closed?: boolean },
): Promise<void> {
  if (connection.closed) return Promise.resolve();
  return new Promise((resolve) => {
    connection.on('error', () => undefined);
    connection.once('close', () => resolve());
  });
}
