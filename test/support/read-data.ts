/**
 * A process that reads everything from a data directory and prints `{id: digest}`, for damage that
 * may end the process.
 */
import { createHash } from 'node:crypto';

import { openData } from '#support/damaged-data';
import { ManualClock } from '#support/manual-clock';
import { readAll } from '#support/reopened';

const [, , directory = ''] = process.argv;
const core = await openData(directory, new ManualClock());
try {
  const found = await readAll(core);
  const digests = found.map(({ id, body }) => [id, createHash('md5').update(body).digest('hex')]);
  process.stdout.write(JSON.stringify(Object.fromEntries(digests)));
} finally {
  await core.close();
}
