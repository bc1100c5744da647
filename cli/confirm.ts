/** What can't be undone is confirmed: by --yes, or by typing the name. */
import { createInterface } from 'node:readline/promises';
import { UsageError } from '#cli/failure';

/** Throws UsageError unless the person at the terminal types `name`. */
export async function confirmDelete(what: string, name: string, isSure: boolean): Promise<void> {
  if (isSure) return;
  if (!process.stdin.isTTY) {
    throw new UsageError(`deleting ${what} ${name} can't be undone: confirm it with --yes`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const typed = await terminal.question(`Type ${name} to delete ${what} ${name}: `);
    if (typed.trim() !== name) throw new UsageError('not the same name; nothing was deleted');
  } finally {
    terminal.close();
  }
}
