/**
 * Every limit, timeout and default of the product: name, unit, value, and where it comes from. What
 * concerns one part alone is beside it: Kubernetes in lib/kubernetes-limits.ts, HTTP/2 and gRPC in
 * lib/transport-limits.ts, what brokers and name servers agree on in lib/fleet-limits.ts, scheduled
 * messages in lib/schedule-limits.ts, transactions in lib/transaction-limits.ts, what is looked up
 * in lib/query-limits.ts; nothing else in the code holds such a number.
 */
import { KIB, MIB, SECOND, MINUTE, HOUR, DAY } from '#lib/units';

/** What a message and the names around it may be. */
export const MESSAGE = {
  /** Product limit, normal and ordered messages. */
  bodyBytesMax: 4 * MIB,
  /** Product limit, scheduled and transactional messages. */
  timedBodyBytesMax: 64 * KIB,
  /** Product limit; keys and values of all properties together. wire.md A.7 */
  propertiesBytesMax: 16 * KIB,
  /** wire.md A.7 */
  userPropertiesMax: 128,
  /** Bytes of a tag, a key, a message id, a message group. wire.md A.7 (groups: below 64). */
  tagBytesMax: 1024,
  keyBytesMax: 1024,
  idBytesMax: 128,
  messageGroupBytesMax: 63,
  /** wire.md A.7: no batch send by gRPC in the product, but the protocol has a list; bound it. */
  messagesPerSendMax: 32,
} as const;

export const NAME = {
  /** Product limit: topic name 64 characters. */
  topicCharsMax: 64,
  /** Product limit for Group IDs. */
  groupCharsMax: 64,
  clientIdBytesMax: 255,
  /** A subscription's filter text. */
  filterBytesMax: 4 * KIB,
} as const;

/** SQL92 filters; see also `NAME.filterBytesMax`. */
export const FILTER = {
  /** Parentheses and NOTs within one another. */
  depthMax: 64,
  /** Conditions, properties and constants. The strings of an IN list are not counted. */
  nodesMax: 1024,
  /** A property with a longer text is no number. */
  numberCharsMax: 64,
  /** Compiled filters; the largest take some 200 KiB each. */
  compiledKept: 256,
  foundCharsShown: 40,
} as const;

export const TOPIC = {
  queuesDefault: 8,
  queuesMax: 1024,
  /** Topics and groups of one broker. */
  topicsMax: 20_000,
  groupsMax: 20_000,
} as const;

/** What groups promise. wire.md A.5, A.8 */
export const CONSUME = {
  /** Retries after the first delivery. */
  retriesDefault: 16,
  retriesMax: 1000,
  /** The wait before each retry, in ms; the last one repeats. wire.md A.5 */
  backoffMs: [
    1 * SECOND,
    5 * SECOND,
    10 * SECOND,
    30 * SECOND,
    1 * MINUTE,
    2 * MINUTE,
    3 * MINUTE,
    4 * MINUTE,
    5 * MINUTE,
    6 * MINUTE,
    7 * MINUTE,
    8 * MINUTE,
    9 * MINUTE,
    10 * MINUTE,
    20 * MINUTE,
    30 * MINUTE,
    1 * HOUR,
    2 * HOUR,
  ] as readonly number[],
  /** Entries of such a list that a group may have; each is at most `invisibleMaxMs`. */
  backoffsMax: 64,
  /** wire.md A.8: batch_size is capped, never refused. */
  receiveBatchMax: 32,
  /** Entries of one AckMessage; clients send one, or what one receive brought. */
  ackEntriesMax: 1024,
  invisibleMinMs: 10 * SECOND,
  invisibleMaxMs: 12 * HOUR,
  /** One slice of a lease that the server renews for a push consumer, and how long it does so. */
  autoRenewSliceMs: 60 * SECOND,
  autoRenewMaxMs: 3 * HOUR,
  pollingMinMs: 5 * SECOND,
  pollingMaxMs: 20 * SECOND,
  /** Kept back from a call's deadline so that the answer arrives before it. */
  pollingMarginMs: 500,
  /** Long polls of one group and topic waiting at once; more get TOO_MANY_REQUESTS. */
  pollsPerGroupTopicMax: 10_000,
  /**
   * Unacknowledged messages of one group in one queue; at the limit no further one is handed out.
   */
  outstandingPerQueueMax: 100_000,
  /** After a move to the dead letters failed, the wait before it is tried again. */
  deadLetterRetryMs: 60 * SECOND,
  /** Index entries, or messages, that are looked at before other work has its turn. */
  scanEntriesPerTurn: 4096,
  scanMessagesPerTurn: 256,
  /** A receive looks for what it wants as long as it may wait, at least this long. wire.md A.5 */
  scanMinMs: 3 * SECOND,
  /** As above in an ordered group, where messages are read to know their message group. */
  orderedScanPerTurn: 1024,
  /** Of messages on the disk, so many bytes are read at once before a look at each. */
  orderedReadAheadBytes: 1 * MIB,
  /**
   * Messages of a queue that an ordered group has looked at beyond the first that is still to be
   * handed out: behind so many that wait for their message group, others have to wait as well. Up
   * to 8 bytes of memory each.
   */
  orderedLookAheadMax: 262_144,
  /** Messages of one message group in an answer, unless the others leave room for more. */
  orderedShareMax: 8,
  /** Of the id by which a receive is known again; clients send a UUID. */
  attemptIdBytesMax: 128,
} as const;

/** Broadcast groups whose members keep their positions on the broker. */
export const BROADCAST = {
  /** Members of one group with a position. */
  membersMax: 1000,
  /** Positions of all members of all groups in all queues, on one broker; some 100 bytes each. */
  positionsMax: 200_000,
} as const;

/** Messages a second, sent and received, of a fleet and of each of its brokers. */
export const QUOTA = {
  /**
   * What may pass at once after a pause, as time at the full rate: little, since all brokers of a
   * fleet together stay within 5 % of its quota over some seconds.
   */
  burstMs: 100,
  /** However small the share: the largest send, and the largest answer to a receive. */
  burstMessagesMin: 32,
  /**
   * A long poll was refused, and its client has not come back by then: the next one has its turn.
   */
  refusedPollMs: 1 * SECOND,
} as const;

/** Clients' sessions. wire.md A.4, A.5 */
export const SESSION = {
  requestTimeoutMs: 3 * SECOND,
  /** Heartbeats come every 10 s; a client silent for this long is gone, stream or not. */
  silentMs: 60 * SECOND,
  /**
   * After its Telemetry stream broke, how long a client has to come back before its leases are
   * freed.
   */
  reconnectMs: 10 * SECOND,
  sessionsMax: 50_000,
  /** Topics whose transactions one producer is asked about. */
  producerTopicsMax: 1024,
  /** Telemetry commands of one stream that wait to be handled. */
  commandsWaitingMax: 64,
  /** How often clients that stayed away are looked for. */
  sweepMs: 2 * SECOND,
  producerAttempts: 3,
  producerBackoffInitialMs: 10,
  producerBackoffMaxMs: 1 * SECOND,
  producerBackoffMultiplier: 2,
} as const;

/** Messages that are sent again with the same id. architecture.md §4; decision 0032 */
export const RESENT = {
  /** At least this long an id is known; at most by `filterMs` longer. */
  windowMs: 10 * MINUTE,
  /** What is remembered of ids, at any load: those of 25,000 messages a second for 10 minutes. */
  bytesMax: 48 * MIB,
  /** One of the filters that it is made of takes the ids of this time, or what it has room for. */
  filterMs: 2 * MINUTE,
  filterBytesMin: 16 * KIB,
  filterBytesMax: 8 * MIB,
  /** One new id in 7,000 is taken for a known one by a filter that is full, and looked up. */
  bitsPerId: 20,
  probes: 8,
  /** Ids that are looked up in the index side by side, and those that may wait for it. */
  lookupsAtOnce: 4,
  lookupsWaitingMax: 1024,
  /** Messages whose id has the same hash, of which one is looked for. */
  candidatesMax: 16,
} as const;

/** The log and what is derived from it. */
export const STORE = {
  /** architecture.md §3 */
  segmentBytes: 128 * MIB,
  /** One in-memory slab of the log's tail, and how many stay for readers that keep up. */
  tailSlabBytes: 1 * MIB,
  tailSlabs: 8,
  /** Appended but not yet written; above it appends are turned away with TOO_MANY_REQUESTS. */
  pendingBytesMax: 64 * MIB,
  /** Largest record: a message of the largest size with its properties and head. */
  recordBytesMax: 8 * MIB,
  /** How long applied records may wait before they reach the index on disk. */
  materializeMs: 1 * SECOND,
  /** So many message keys waiting bring it on at once: a batch blocks other work for some ms. */
  materializeKeys: 4096,
  /** Queue index entries kept in memory over all queues. */
  indexCacheBytes: 6 * MIB,
  /** LevelDB's own memory: blocks that were read, and what is not in its files yet (twice). */
  indexBlockCacheBytes: 2 * MIB,
  indexWriteBufferBytes: 2 * MIB,
  /** Log pages kept in memory for readers that are behind. */
  pageBytes: 128 * KIB,
  pages: 64,
  retentionMs: 72 * HOUR,
  retentionCheckMs: 30 * SECOND,
  /** Share of the disk in use above which the oldest segments go early, whatever their age. */
  diskWatermark: 0.85,
  /** Free space below which the broker turns writes away; they resume at twice this. */
  diskReserveBytes: 256 * MIB,
  diskCheckMs: 1 * SECOND,
} as const;

/** The certificate that is made where none is configured. */
export const CERTIFICATE = {
  validMs: 365 * DAY,
  /** With less left at start, a new one is made. */
  renewBeforeMs: 30 * DAY,
  /** Its validity begins this long ago, for clients whose clock is behind. */
  backdateMs: 1 * DAY,
} as const;

/** Doors: what one connection, one call, one process may cost. */
export const LISTEN = {
  /** Largest request: a message with room for its envelope. */
  requestBytesMax: 8 * MIB,
  /** Names and values of one call's headers, once unpacked. */
  metadataBytesMax: 16 * KIB,
  streamsPerConnectionMax: 10_000,
  /** Of one listener. */
  connectionsMax: 20_000,
  /** Connections that wait to be accepted: all clients come back at once after a restart. */
  backlogConnections: 4096,
  /**
   * Time for a new connection to say whether it speaks TLS or HTTP/2, and for the TLS handshake.
   */
  firstByteMs: 10 * SECOND,
  handshakeMs: 10 * SECOND,
  /** What a proxy says ahead of a connection: the certificate of a client may be in it. */
  proxyHeaderBytesMax: 4 * KIB,
  /** wire.md A.3 */
  idleConnectionMs: 120 * SECOND,
  /** A ping finds out whether a silent client is still there; unanswered, the connection goes. */
  pingMs: 60 * SECOND,
  pingTimeoutMs: 20 * SECOND,
  /** Memory of one HTTP/2 session for headers and frames. */
  sessionMemoryBytesMax: 64 * MIB,
  /**
   * Messages of one stream that wait for a slow reader, and how long it may take for any of them.
   */
  backlogMessagesMax: 1024,
  stalledReaderMs: 60 * SECOND,
  /** From the first byte of a call's headers to the last byte of its only request message. */
  requestMs: 60 * SECOND,
  /**
   * A connection this old is given up for a new one, so that clients spread again over what a load
   * balancer has behind it: at most a tenth earlier, so that not all do so at once. Calls under way
   * then have the grace; it is longer than a long poll.
   */
  connectionAgeMs: 12 * HOUR,
  connectionAgeGraceMs: 30 * SECOND,
  /** Requests of one listener that have not come to their end, and those of one connection. */
  partialRequestsBytesMax: 512 * MIB,
  partialRequestsPerConnectionBytesMax: 64 * MIB,
  /** Answers of one listener that their clients do not read, and those of one connection. */
  answersWaitingBytesMax: 512 * MIB,
  answersWaitingPerConnectionBytesMax: 128 * MIB,
  drainMs: 3 * SECOND,
  stopMs: 4.5 * SECOND,
  /** A second signal this soon is the first one, heard twice. */
  signalEchoMs: 250,
} as const;

/** Configuration of a process. architecture.md §1 */
export const CONFIG = {
  fileBytesMax: 1 * MIB,
  grpcPort: 8081,
  /** What carries the calls of clients. */
  transport: 'wire',
  adminPort: 8091,
  registryPort: 8091,
  metricsPort: 9090,
  dataDirectory: './data',
  loopback: '127.0.0.1',
  retentionHours: STORE.retentionMs / HOUR,
  retentionHoursMin: 0.01,
  /** One year: far beyond the product's 72 hours, and still a number that was meant. */
  retentionHoursMax: 8760,
  diskWatermarkMin: 0.1,
  diskWatermarkMax: 0.99,
  /** A broker keeps a stream to each. */
  nameServersMax: 16,
} as const;

/** What is kept and answered of the lives of messages. */
export const TRACE = {
  /** Clients that are named in the log without saying anew who they are; some 200 bytes each. */
  membersKept: 10_000,
  /** Of what a client says of itself: address and language. */
  addressBytesMax: 64,
  languageBytesMax: 32,
  /** Index entries read in one go. */
  entriesPerRead: 256,
  /** Looked through for the commit of a group that passed a message. */
  commitEntriesMax: 16,
  /** Records read for one message; one that has more is answered with the first of them. */
  recordsMax: 10_000,
  /** Groups whose commits are looked at, and topics that are searched for a message id. */
  groupsMax: 1000,
  topicsMax: 1000,
  /** What clients wrote themselves of one message: messages, records in one, fields in one. */
  clientMessagesMax: 64,
  clientRecordsMax: 10_000,
  clientFieldsMax: 32,
  /** Events in an answer. */
  clientEventsMax: 1000,
} as const;

/** The small HTTP server for health and metrics. */
export const PROBES = {
  headerBytesMax: 8 * KIB,
  requestMs: 10 * SECOND,
  keepAliveMs: 75 * SECOND,
  connectionsMax: 256,
} as const;

/** The admin service and its command line. */
export const ADMIN = {
  pageDefault: 100,
  pageMax: 1000,
  receiveMax: 32,
  receiveInvisibleDefaultMs: 60 * SECOND,
  receiveWaitMaxMs: CONSUME.pollingMaxMs,
  /** A page of 1,000 groups with all of their queues fits. */
  answerBytesMax: 64 * MIB,
  callMs: 10 * SECOND,
  tokenBytesMax: 1 * KIB,
  /** Messages of one `message send --count`, and those on their way at once. */
  sendCountMax: 100_000_000,
  sendsInFlight: 64,
  /** Dead letters that one call looks at, and bytes of the bodies in its answer, about. */
  deadLettersLookedAt: 2000,
  deadLetterBodiesBytes: 8 * MIB,
  /** A command that takes longer than this shows how far it is. */
  progressAfterMs: 500,
  progressEveryMs: 100,
} as const;

/** `sluice check`: what it asks of each broker, and how long it waits for it. */
export const CHECK = {
  timeoutDefaultMs: 30 * SECOND,
  timeoutMaxMs: 600 * SECOND,
  /** One connection or call; clients give up after `SESSION.requestTimeoutMs` of their own. */
  callMs: 5 * SECOND,
  /** Brokers that are tried side by side. */
  brokersAtOnce: 16,
  /** Messages to each broker. */
  messagesMax: 100,
  answerBytesMax: 16 * MIB,
  receiveBatch: CONSUME.receiveBatchMax,
  pollMs: CONSUME.pollingMinMs,
  /** Between polls that brought nothing, however soon they end. */
  pollAgainMs: 100,
  /** Messages of another check that come along are left to it, hidden for this long. */
  invisibleMs: CONSUME.invisibleMinMs,
  /** Kept back from the time for a poll, so that its answer can arrive. */
  answerMarginMs: 1 * SECOND,
  /** A throttled send is tried again, as client libraries do. */
  sendAttempts: SESSION.producerAttempts,
  throttled: { initialMs: 250, maxMs: 1 * SECOND, multiplier: 2 },
  /** For a good-bye, which may fail. */
  goodbyeMs: 500,
} as const;

/** Offsets of time that the product knows. */
export const PRODUCT = {
  delayMaxMs: 40 * DAY,
} as const;

/** What the editions promise. architecture.md §9 */
export const EDITION = {
  standardTps: 5000,
  standardInstancesPerRegion: 8,
} as const;
