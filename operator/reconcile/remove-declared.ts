/** The end of a topic or a group: taken from the brokers too, where its object asks for that. */
import type { ResourceType } from '#kube/types';
import { OPERATOR } from '#lib/kubernetes-limits';
import type { Blocked } from '#operator/reconcile/blocked';
import {
  againMs,
  blockedBy,
  isLeaving,
  keepFinalizer,
  type Declared,
} from '#operator/reconcile/declared';
import type { Outcome, Tools } from '#operator/reconcile/pass';

export interface Removal<T extends Declared> {
  readonly type: ResourceType<T>;
  readonly object: T;
  readonly finalizer: string;
  /** From every broker. */
  readonly remove: () => Promise<void>;
  /** Tells why it can't be removed yet. */
  readonly say: (blocked: Blocked) => Promise<void>;
}

/** Lets the object go at once when its instance or its namespace is on its way out as well. */
export async function removeDeclared<T extends Declared>(
  { type, object, finalizer, remove, say }: Removal<T>,
  tools: Tools,
): Promise<Outcome | undefined> {
  if (!object.metadata.finalizers?.includes(finalizer)) return undefined;
  if (object.spec.deletionPolicy === 'Delete' && !(await isLeaving(object, tools))) {
    try {
      await remove();
    } catch (error) {
      const blocked = blockedBy(error);
      await say(blocked);
      return { againMs: againMs(blocked, OPERATOR.busyMs) };
    }
  }
  await keepFinalizer(type, object, finalizer, false, tools);
  return undefined;
}
