import type { Finding } from '#kube/api/conditions';
import type { ConditionFacts } from '#operator/conditions/facts';
import type { InstanceFacts, Place } from '#operator/reconcile/facts';

/** Where pods run now, not where they were asked to. */
export function zonesSatisfied({ instance, facts }: ConditionFacts): Finding {
  const type = 'ZonesSatisfied';
  const { readyNodesByZone, nameServers } = facts;
  const zones = [...readyNodesByZone.keys()].sort();
  if (zones.length === 0) {
    const message = 'no node of the cluster has the label topology.kubernetes.io/zone';
    return { type, status: 'Unknown', reason: 'NoZones', message };
  }
  const brokers = facts.shards.filter(({ isWanted }) => isWanted);
  const where = zones.map((zone) => zoneText(zone, facts)).join(', ');
  const isSpread = isEven(brokers, zones) && isEven(nameServers, zones);
  if (!isSpread) {
    const message = `brokers and name servers are not spread over the zones: ${where}`;
    return { type, status: 'False', reason: 'NotSpread', message };
  }
  const message = `${where}. ${survives(zones.length, instance.shards)}`;
  return { type, status: 'True', reason: 'Spread', message };
}

/** Ready ones in as many zones as possible, in none of them more than one above another. */
function isEven(places: readonly Place[], zones: readonly string[]): boolean {
  const counts = zones.map((zone) => countIn(zone, places));
  const placed = counts.reduce((sum, count) => sum + count, 0);
  return placed === places.length && Math.max(...counts) - Math.min(...counts) <= 1;
}

function countIn(zone: string, places: readonly Place[]): number {
  return places.filter((place) => place.isReady && place.zone === zone).length;
}

function zoneText(zone: string, { shards, nameServers, readyNodesByZone }: InstanceFacts): string {
  const brokers = countIn(zone, shards);
  const lost = readyNodesByZone.get(zone) === 0 ? ', no ready node' : '';
  return `${zone} (brokers ${brokers}, name servers ${countIn(zone, nameServers)}${lost})`;
}

function survives(zones: number, shards: number): string {
  if (zones === 1 || shards === 1) return 'With its zone an instance like this is away';
  return 'With a zone gone, producers go on with the other shards; its messages wait for it';
}
