/** Whether writing a status would change anything. */
import { canonicalJson } from '#operator/apply/canonical-json';

export function sameStatus(before: object | undefined, now: object): boolean {
  return before !== undefined && canonicalJson(before) === canonicalJson(now);
}
