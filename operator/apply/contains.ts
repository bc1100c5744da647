/**
 * Whether an object of the API server is as it is wanted: what others added, and the defaults of
 * the API server, are no difference.
 */

/**
 * Lists whose entries the API server tells apart by these fields; others may add entries to them.
 * By field, or by the field around it and the field. All other lists belong to their writer as a
 * whole.
 */
const MERGE_KEYS: Readonly<Record<string, readonly string[]>> = {
  ownerReferences: ['uid'],
  containers: ['name'],
  initContainers: ['name'],
  imagePullSecrets: ['name'],
  volumes: ['name'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
  env: ['name'],
  volumeMounts: ['mountPath'],
  'containers.ports': ['containerPort', 'protocol'],
  // Of a Service. Those of a NetworkPolicy are one value, in `ingress`.
  'spec.ports': ['port', 'protocol'],
  webhooks: ['name'],
  conditions: ['type'],
};

type Fields = Readonly<Record<string, unknown>>;

/** Deep: every field of `wanted` is in `live`, with the same value. */
export function contains(live: unknown, wanted: unknown): boolean {
  return containsAt(live, wanted, '', '');
}

function containsAt(live: unknown, wanted: unknown, around: string, field: string): boolean {
  if (Array.isArray(wanted)) {
    return Array.isArray(live) && containsList(live, wanted, around, field);
  }
  if (!isFields(wanted)) return live === wanted;
  if (!isFields(live)) return false;
  return Object.entries(wanted).every(
    ([name, value]) => value === undefined || containsAt(own(live, name), value, field, name),
  );
}

function containsList(
  live: readonly unknown[],
  wanted: readonly unknown[],
  around: string,
  field: string,
): boolean {
  const keys = own(MERGE_KEYS, `${around}.${field}`) ?? own(MERGE_KEYS, field);
  if (Array.isArray(keys)) {
    return wanted.every((entry) => {
      const match = live.find((candidate) => isSameEntry(candidate, entry, keys));
      return match !== undefined && containsAt(match, entry, around, field);
    });
  }
  return (
    live.length === wanted.length &&
    wanted.every((entry, index) => containsAt(live[index], entry, around, field))
  );
}

function isSameEntry(live: unknown, wanted: unknown, keys: readonly string[]): boolean {
  if (!isFields(live) || !isFields(wanted)) return false;
  return keys.every((key) => own(live, key) === own(wanted, key));
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Labels and annotations are named by others: `constructor` is no more than a name. */
function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}
