/** The known name that somebody most likely meant, for "did you mean" in refusals. */

/** Further away than this share of the name's length is no typing error any more. */
const SHARE_MAX = 0.4;

/** The candidate nearest to `name`, letter case and `-`/`_` aside; undefined when none is near. */
function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = bare(name);
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length * SHARE_MAX)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, bare(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** "; did you mean X?", or nothing when no candidate is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const candidate = nearest(name, candidates);
  return candidate === undefined ? '' : `; did you mean ${candidate}?`;
}

const COMPARED_CHARS_MAX = 64;

function bare(name: string): string {
  return name
    .slice(0, COMPARED_CHARS_MAX)
    .replace(/[-_]/g, '')
    .replace(/^sluice/i, '')
    .toLowerCase();
}

/** Letters to insert, delete or replace (Levenshtein). */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const inserted = (current[column - 1] ?? 0) + 1;
      const deleted = (previous[column] ?? 0) + 1;
      current.push(Math.min(replaced, inserted, deleted));
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}
