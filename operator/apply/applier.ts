/** Brings one object to what is wanted: written only when it is not so already. */
import { contains } from '#operator/apply/contains';
import { assertOurs } from '#operator/apply/ours';
import { hashOf } from '#operator/apply/wanted-hash';
import { CHILDREN, type Caches } from '#operator/caches';
import type { KubeClient } from '#kube/client';
import { ANNOTATION } from '#kube/names';
import { keyOf, type KubeObject, type ResourceType } from '#kube/types';

/** An object as it is wanted; it names its owner. */
export interface Wanted<T extends KubeObject = KubeObject> {
  readonly type: ResourceType<T>;
  readonly object: T;
}

export class Applier {
  readonly #client: KubeClient;
  readonly #caches: Caches;
  /** What was written last, until the cache hears of a change of it. */
  readonly #written = new Map<string, KubeObject>();

  constructor(client: KubeClient, caches: Caches) {
    this.#client = client;
    this.#caches = caches;
    for (const type of CHILDREN) {
      caches.onChange(type, (now, before) => {
        const object = now ?? before;
        if (object) this.#written.delete(idOf({ type, object }));
      });
    }
  }

  /**
   * Applies the object if it differs. False: it was changed, and the caches do not know it so yet.
   * Throws Blocked when the name belongs to somebody else, or to an instance on its way out.
   */
  async ensure<T extends KubeObject>(wanted: Wanted<T>): Promise<boolean> {
    const { type, object } = wanted;
    const reference = referenceOf(object);
    const hash = hashOf(object);
    const cached = this.#caches.get(type, reference);
    const written = this.#written.get(idOf(wanted));
    const live = written ?? cached ?? (await this.#client.get(type, reference));
    if (live) {
      assertOurs(type.kind, live, object);
      const isApplied = live.metadata?.annotations?.[ANNOTATION.applied] === hash;
      if (isApplied && contains(live, object)) return written === undefined;
    }
    const annotated = annotate(object, hash);
    const applied = await this.#client.apply(type, annotated, { force: live !== undefined });
    const isSame = applied.metadata?.resourceVersion === cached?.metadata?.resourceVersion;
    // Unless something was heard of it meanwhile; of what is not followed nothing ever will be.
    const isUnheard = this.#caches.get(type, reference) === cached && !isSame;
    if (isUnheard && this.#caches.follows(type)) this.#written.set(idOf(wanted), applied);
    return isSame;
  }
}

function referenceOf({ metadata }: KubeObject): { namespace: string | undefined; name: string } {
  return { namespace: metadata?.namespace, name: metadata?.name ?? '' };
}

function idOf({ type, object }: Wanted): string {
  return `${type.group}/${type.plural}/${keyOf(object)}`;
}

function annotate<T extends KubeObject>(object: T, hash: string): T {
  const annotations = { ...object.metadata?.annotations, [ANNOTATION.applied]: hash };
  return { ...object, metadata: Object.assign({}, object.metadata, { annotations }) };
}
