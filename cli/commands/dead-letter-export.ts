/** `sluice dead-letter export`: a line for each. */
import { once } from 'node:events';
import { letterData } from '#cli/commands/dead-letter-report';
import { createProgress, type Progress } from '#cli/progress';
import type { AdminClient } from '#proto/admin-client';
import type { DeadLetterSelectionInput } from '#proto/admin-types';

export async function exportAll(
  client: AdminClient,
  group: string,
  selection: DeadLetterSelectionInput,
): Promise<undefined> {
  const request = { group, selection, oldestFirst: true, withBodies: true };
  let progress: Progress | undefined;
  let total = 0;
  let pageToken = '';
  try {
    do {
      const page = await client.call('ListDeadLetters', { ...request, pageToken });
      pageToken = page.nextPageToken;
      total ||= page.left + page.letters.length;
      progress ??= createProgress('exporting', total);
      for (const letter of page.letters) {
        const line = `${JSON.stringify(letterData(letter))}\n`;
        if (!process.stdout.write(line)) await once(process.stdout, 'drain');
      }
      progress.update(total - page.left);
    } while (pageToken !== '');
  } finally {
    progress?.finish();
  }
  return undefined;
}
