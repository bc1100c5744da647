/** Lists come in pages: the token of a page is the name of the last entry before it. */
import { SluiceError } from '#lib/errors';
import { ADMIN } from '#lib/limits';

export interface PageRequest {
  readonly pageToken: string;
  readonly pageSize: number;
}

export interface Page<Entry> {
  readonly entries: readonly Entry[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

interface Named {
  readonly name: string;
}

/** `list` gives at most `limit` entries behind the name `after`, in order of their names. */
export function pageOf<Entry extends Named>(
  request: PageRequest,
  list: (after: string, limit: number) => readonly Entry[],
): Page<Entry> {
  const size = sizeOf(request);
  return cut(list(request.pageToken, size + 1), size);
}

/** As `pageOf`, of what takes a while to be found. */
export async function foundPageOf<Entry extends Named>(
  request: PageRequest,
  list: (after: string, limit: number) => Promise<readonly Entry[]>,
): Promise<Page<Entry>> {
  const size = sizeOf(request);
  return cut(await list(request.pageToken, size + 1), size);
}

/** @throws SluiceError BAD_REQUEST */
export function sizeOf({ pageSize }: PageRequest): number {
  if (pageSize > ADMIN.pageMax) {
    throw new SluiceError(
      'BAD_REQUEST',
      `a page has at most ${ADMIN.pageMax} entries; ${pageSize} were asked for`,
    );
  }
  return pageSize === 0 ? ADMIN.pageDefault : pageSize;
}

/** One entry more than asked for tells whether there is a next page. */
function cut<Entry extends Named>(entries: readonly Entry[], size: number): Page<Entry> {
  const isLast = entries.length <= size;
  return {
    entries: entries.slice(0, size),
    nextPageToken: isLast ? '' : (entries[size - 1]?.name ?? ''),
  };
}
