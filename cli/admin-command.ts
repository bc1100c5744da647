/** What all commands to the admin port share: where, with what token, in which form. */
import type { Command } from 'commander';
import { failureOf, UsageError } from '#cli/failure';
import { render, type Output, type Report } from '#cli/output';
import { CONFIG } from '#lib/limits';
import { createAdminClient, type AdminClient } from '#proto/admin-client';

export const ADMIN_ADDRESS_DEFAULT = `${CONFIG.loopback}:${CONFIG.adminPort}`;

/** The root command's options. */
interface GlobalOptions {
  readonly admin?: string;
  readonly adminToken?: string;
  readonly output: Output;
}

/**
 * Runs the body of a command: prints what it reports, or says on standard error what went wrong and
 * sets the exit code. A body that prints by itself reports nothing.
 */
export async function runAdmin(
  command: Command,
  body: (client: AdminClient) => Promise<Report | undefined>,
): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const address = options.admin ?? (process.env['SLUICE_ADMIN'] || ADMIN_ADDRESS_DEFAULT);
  let client: AdminClient | undefined;
  try {
    checkAddress(address);
    const token = options.adminToken ?? (process.env['SLUICE_ADMIN_TOKEN'] || undefined);
    client = createAdminClient({ address, token });
    const report = await body(client);
    if (report !== undefined) process.stdout.write(render(report, options.output));
  } catch (error) {
    const { exitCode, text } = failureOf(error, address);
    process.stderr.write(text);
    process.exitCode = exitCode;
  } finally {
    client?.close();
  }
}

function checkAddress(address: string): void {
  const [, port] = /^(?:\[[0-9a-fA-F:.]+\]|[^:/\s]+):(\d{1,5})$/.exec(address) ?? [];
  if (port !== undefined && Number(port) >= 1 && Number(port) <= 65_535) return;
  throw new UsageError(
    `"${address}" is no address of an admin port; ` +
      `allowed: HOST:PORT, e.g. ${ADMIN_ADDRESS_DEFAULT}`,
  );
}
