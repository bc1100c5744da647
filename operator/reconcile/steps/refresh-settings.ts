/** Makes the nodes of all pods refresh the mounted settings now, not within their minute. */
import { ANNOTATION } from '#kube/names';
import { PODS } from '#kube/resources';
import type { Step } from '#operator/reconcile/pass';

export const refreshSettings: Step = async (
  { instance, facts, revision, brokers, notes },
  tools,
) => {
  if (revision === undefined) return;
  const { namespace } = instance;
  for (const { name, pod } of [...facts.nameServers, ...facts.shards]) {
    const { annotations, deletionTimestamp } = pod?.metadata ?? {};
    if (!pod || deletionTimestamp !== undefined) continue;
    if (annotations?.[ANNOTATION.fleetRevision] === revision) continue;
    const patch = { metadata: { annotations: { [ANNOTATION.fleetRevision]: revision } } };
    await tools.client.mergePatch(PODS, { namespace, name }, patch);
  }
  const running = facts.shards.filter(({ isReady }) => isReady);
  const behind = running.filter(({ number }) => brokers.get(number)?.fleetRevision !== revision);
  if (behind.length === 0) return;
  const names = behind.map(({ broker }) => broker).join(', ');
  const isSilent = behind.some(({ number }) => !brokers.get(number));
  const why = isSilent ? ': no answer from the admin port' : '';
  const message = `${names} do not follow the settings yet${why}`;
  notes.push({ reason: 'SettingsOnTheWay', message });
};
