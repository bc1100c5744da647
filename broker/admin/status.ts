/** How the broker is, in one answer. */
import type { AdminBackend } from '#broker/admin/backend';
import type { AdminHandlers } from '#broker/admin/handlers';

export function statusHandlers(
  backend: Pick<AdminBackend, 'status'>,
): AdminHandlers<'BrokerStatus'> {
  return { BrokerStatus: () => backend.status() };
}
