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

/** `list` gives at most `limit` entries behind the name `after`, in order of their names. */
export function pageOf<Entry extends { readonly name: string }>(
  { pageToken, pageSize }: PageRequest,
  list: (after: string, limit: number) => readonly Entry[],
): Page<Entry> {
  if (pageSize > ADMIN.pageMax) {
    throw new SluiceError(
      'BAD_REQUEST',
      `a page has at most ${ADMIN.pageMax} entries; ${pageSize} were asked for`,
    );
  }
  const size = pageSize === 0 ? ADMIN.pageDefault : pageSize;
  // One more than asked for tells whether there is a next page.
  const entries = list(pageToken, size + 1);
  const isLast = entries.length <= size;
  return {
    entries: entries.slice(0, size),
    nextPageToken: isLast ? '' : (entries[size - 1]?.name ?? ''),
  };
}
