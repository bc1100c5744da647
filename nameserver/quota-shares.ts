/**
 * Shares out the quota of a fleet by what its brokers need, as water fills vessels of different
 * heights that are joined: a small need is met, the others are equal, and what nobody needs is
 * spread evenly. The sum is the quota.
 */
export function sharesOf(quota: number, needs: readonly number[]): number[] {
  const total = needs.reduce((sum, need) => sum + need, 0);
  if (total <= quota) {
    const spare = (quota - total) / needs.length;
    return needs.map((need) => need + spare);
  }
  const level = levelOf(quota, needs);
  return needs.map((need) => Math.min(need, level));
}

/** The most that anybody gets, where there is less than is needed. */
function levelOf(quota: number, needs: readonly number[]): number {
  let left = quota;
  let takers = needs.length;
  for (const need of [...needs].sort((a, b) => a - b)) {
    if (need * takers > left) break;
    left -= need;
    takers--;
  }
  return left / Math.max(1, takers);
}
