/** Makes and corrects everything that an instance consists of, in the order of creation. */
import { stalled, waiting } from '#operator/reconcile/blocked';
import { fleetSettings } from '#operator/reconcile/fleet-settings';
import { readOnlyShards } from '#operator/reconcile/steps/scale-in';
import type { Pass, Step, Tools } from '#operator/reconcile/pass';
import { KubeError } from '#kube/client';
import { ANNOTATION } from '#kube/names';
import { GRPC_ROUTES, SERVICES, TLS_ROUTES } from '#kube/resources';
import { wantedObjects } from '#operator/resources/all';
import type { Wanted } from '#operator/apply/applier';
import { templateSize } from '#operator/reconcile/steps/grow-storage';

export const ensureObjects: Step = async (pass, tools) => {
  const { shards, nameServers } = pass.facts;
  // Pods without their Secret do not start.
  const again = [...shards, ...nameServers].some(({ isReady }) => !isReady);
  await tools.tokens.ensure(pass.instance, { again });
  pass.wanted = wantedOf(pass, tools);
  for (const wanted of pass.wanted) {
    await removeOldRoute(wanted, tools);
    await ensure(wanted, pass, tools);
  }
};

/** All objects of the instance, those of shards that still drain among them. */
function wantedOf(pass: Pass, tools: Tools): readonly Wanted[] {
  const { instance, facts } = pass;
  const { settings, missing } = fleetSettings(pass, tools, readOnlyShards(pass, tools));
  pass.revision = settings.revision;
  for (const reason of missing) pass.notes.push({ reason: 'AwaitingAddress', message: reason });
  return wantedObjects(instance, {
    settings,
    shards: facts.shards.map(({ number, set, isWanted }) => ({
      number,
      storage: templateSize(set),
      isLeaving: !isWanted,
    })),
    operatorNamespace: tools.operatorNamespace,
  });
}

/** Of a listener that is behind a Gateway in another way now, or not at all. */
async function removeOldRoute({ type, object }: Wanted, { caches, client }: Tools): Promise<void> {
  const { namespace, name = '', annotations } = object.metadata ?? {};
  if (type.kind !== SERVICES.kind) return;
  const live = caches.get(SERVICES, { namespace, name });
  const kind = live?.metadata?.annotations?.[ANNOTATION.route];
  if (kind === undefined || kind === annotations?.[ANNOTATION.route]) return;
  for (const route of [TLS_ROUTES, GRPC_ROUTES]) {
    if (route.kind === kind) await client.delete(route, { namespace, name });
  }
}

async function ensure(wanted: Wanted, { notes }: Pass, { applier }: Tools): Promise<void> {
  const { kind } = wanted.type;
  const name = wanted.object.metadata?.name ?? '';
  try {
    if (await applier.ensure(wanted)) return;
    notes.push({ reason: 'Applying', message: `the ${kind} ${name} has just been changed` });
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (error.status === 404) {
      throw stalled('KindMissing', `the cluster does not know ${kind}, needed for ${name}`);
    }
    if (error.status === 403 && /is being terminated/.test(error.message)) {
      throw waiting('NamespaceTerminating', 'the namespace is being deleted');
    }
    if (error.status === 403) throw stalled('Forbidden', `${kind} ${name}: ${error.message}`);
    if (error.status === 422) throw stalled('Invalid', `${kind} ${name}: ${error.message}`);
    throw error;
  }
}
