/** Limits, timeouts and defaults of all that concerns Kubernetes: see lib/limits.ts. */
import { KIB, MIB, SECOND, MINUTE, DAY } from '#lib/units';

/** Bounds of the custom resources; they also keep the cost of their CEL rules low. */
export const KUBERNETES = {
  labelCharsMax: 63,
  nameCharsMax: 253,
  hostCharsMax: 200,
  imageCharsMax: 512,
  annotationCharsMax: 1024,
  quantityCharsMax: 32,
  remarkCharsMax: 256,
  /** Names of child objects and pods, with `-shard-63-0` and a hash, stay within a label. */
  instanceNameCharsMax: 40,
  /** `NAME-shard-63-LISTENER` is the name of a Service: 63 characters, with the longest name. */
  listenerNameCharsMax: 12,
  listenerAnnotationsMax: 16,
  tpsMax: 10_000_000,
  shardsMax: 64,
  /** Of a shard; rules allow 1 until shards are replicated. */
  replicasMax: 3,
  nameServersMax: 5,
  zonesMax: 16,
  /** Beside `internal`. */
  listenersMax: 4,
  pullSecretsMax: 8,
  /** Product: messages are kept for 3 days. */
  retentionHoursMax: 72,
  conditionTypeCharsMax: 316,
  conditionReasonCharsMax: 1024,
  conditionMessageCharsMax: 32_768,
  /** A broker with less has no room beside its disk reserve. */
  storageMin: '1Gi',
  /** Of a pod. */
  cpuMin: '1m',
  memoryMin: '64Mi',
  /** Defaults of an instance. */
  region: 'default',
  shards: 1,
  nameServers: 2,
  storage: '10Gi',
  brokerResources: {
    cpuRequest: '100m',
    memoryRequest: '256Mi',
    cpuLimit: '2',
    memoryLimit: '1Gi',
  },
  nameServerResources: {
    cpuRequest: '50m',
    memoryRequest: '128Mi',
    cpuLimit: '1',
    memoryLimit: '256Mi',
  },
} as const;

/** The operator's validating webhook: its certificates, and what one call may cost. */
export const WEBHOOK = {
  validMs: 90 * DAY,
  rotateAfterMs: 60 * DAY,
  /** The validity of a certificate begins this long ago, for API servers whose clock is behind. */
  backdateMs: 1 * DAY,
  /** A new certificate is in the configuration for so long before calls are answered with it. */
  adoptAfterMs: 10 * MINUTE,
  /** One that serves, one that comes, and those that were replaced before they expired. */
  trustedMax: 5,
  /** Between looks at the Secret and at the configuration, which others may have changed. */
  checkMs: 30 * SECOND,
  checkFailed: { initialMs: 1 * SECOND, maxMs: 30 * SECOND, multiplier: 2 },
  /** Replicas that write the Secret at the same time: one wins, the others read again. */
  writeAttempts: 5,
  /** An object and what it was before; etcd takes 1.5 MiB of each, ours are far below. */
  requestBytesMax: 2 * MIB,
  /** Requests that are being read, all together; one more is turned away, and so let through. */
  requestsBytesMax: 16 * MIB,
  headerBytesMax: 8 * KIB,
  connectionsMax: 256,
  handshakeMs: 5 * SECOND,
  /** The API server gives up after 5 s (timeoutSeconds of the configuration). */
  requestMs: 5 * SECOND,
  /** How often requests that take too long are looked for. */
  requestCheckMs: 1 * SECOND,
  /** Longer than the 90 s of the API server: closing first could fail a call that is on its way. */
  keepAliveMs: 120 * SECOND,
  /** The API server cuts longer ones off. */
  warningCharsMax: 256,
} as const;

/** Calls to the Kubernetes API. */
export const KUBE_CALL = {
  timeoutMs: 30 * SECOND,
  connectMs: 10 * SECOND,
  /** Side by side: of the operator's workers, and some more. Each watch has one beside these. */
  connectionsMax: 24,
  idleConnectionMs: 60 * SECOND,
  /** A list's page of 500 large objects; one object, since etcd takes 1.5 MiB of it. */
  answerBytesMax: 64 * MIB,
  watchLineBytesMax: 8 * MIB,
  errorCharsMax: 1024,
  pageItems: 500,
  /** A list that expired between two of its pages begins again so often. */
  listAttempts: 3,
  attempts: 4,
  retry: { initialMs: 200, maxMs: 2 * SECOND, multiplier: 2 },
  /** An API server that wants to be left alone for longer is asked again by whoever called. */
  retryAfterMaxMs: 10 * SECOND,
  /** Tokens and certificates are looked at again, since files and plugins may give new ones. */
  credentialsMs: 10 * SECOND,
} as const;

/** Copies of the cluster's objects that are kept current. */
export const INFORMER = {
  /** The API server ends a watch after it, or after up to this share less. */
  watchMs: 5 * MINUTE,
  watchJitter: 0.2,
  /** Bookmarks come each minute; a watch that is silent for longer is opened again. */
  silentMs: 90 * SECOND,
  /** Everything is listed again, whatever the watch says. */
  resyncMs: 10 * MINUTE,
  retry: { initialMs: 500, maxMs: 15 * SECOND, multiplier: 2 },
} as const;

/** Work of the operator that failed is tried again. */
export const WORK_QUEUE = {
  retry: { initialMs: 500, maxMs: 60 * SECOND, multiplier: 2 },
} as const;

/** Which replica of the operator works: a Lease. The times are those of Kubernetes' own parts. */
export const LEADER = {
  leaseMs: 15 * SECOND,
  /** A leader that could not renew for so long stops, well before another one may start. */
  renewDeadlineMs: 10 * SECOND,
  renewMs: 5 * SECOND,
  retryMs: 2 * SECOND,
  /** Of one call; a second attempt still fits in before the deadline. */
  callMs: 2 * SECOND,
} as const;

/** Events that the operator tells about objects. */
export const KUBE_EVENTS = {
  /** The same one within this time is counted instead. */
  repeatMs: 10 * MINUTE,
  /** How often a count is written. */
  countMs: 1 * MINUTE,
  /** Remembered, to be counted. */
  rememberedMax: 4096,
  perSecond: 5,
  burst: 50,
  /** What the API takes. */
  noteBytesMax: 1024,
  instanceCharsMax: 128,
  /** Of the object's name, in the event's own. */
  nameCharsMax: 200,
} as const;

/** How an instance's pods run. */
export const POD = {
  /** User and group of the image; also the owner of the volume. */
  userId: 10_001,
  /** SIGTERM drains first: calls under way end, leases are handed back. */
  terminationGraceSeconds: 60,
  /** A pod counts as there when it was ready for so long: clients have found it again by then. */
  minReadySeconds: 5,
  /** The first answer may take 15 min, on a slow disk with a large log. */
  startup: { periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 900 },
  /** A minute without any answer: the process hangs. */
  liveness: { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
  readiness: { periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 2 },
  /** A name server keeps its certificate there, and nothing else. */
  nameServerData: '16Mi',
  /** Hexadecimal digits of a hash that tells versions of the same object apart. */
  hashChars: 16,
} as const;

/** How the operator works. */
export const OPERATOR = {
  /** One call of a broker's admin port. */
  adminCallMs: 5 * SECOND,
  /** Lists of a broker's topics and groups serve so long for those that ask next. */
  brokerListsMs: 5 * SECOND,
  pageSize: 1000,
  /** Looks at an instance while something is under way, and while nothing is. */
  busyMs: 2 * SECOND,
  quietMs: 30 * SECOND,
  /** Looks at a topic, whose brokers may have lost it, and at the lag of a group. */
  resyncMs: 10 * MINUTE,
  lagMs: 60 * SECOND,
  /**
   * A pod that is back is left alone with the rest for so long: a producer that could not reach it
   * uses it again after its next heartbeat, each 10 s. wire.md A.7
   */
  foundAgainMs: 15 * SECOND,
  /** Clients look at routes each 30 s: by then they know of other shards. wire.md A.6 */
  routeRefreshMs: 35 * SECOND,
  /** A shard that is to be removed is seen empty for so long. */
  emptyForMs: 3 * SECOND,
  /** Groups and topics that a status names while a shard drains. */
  unreadShown: 10,
  /** Above it a volume is called nearly full: where brokers begin to delete early. */
  diskPressureShare: 0.85,
  instanceWorkers: 8,
  declaredWorkers: 8,
  webhookPort: 9443,
} as const;
