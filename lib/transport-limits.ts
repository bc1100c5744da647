/** Every limit of our own transport: HTTP/2, gRPC, protobuf; beside lib/limits.ts. RFC 9113 */
import { KIB, MIB, SECOND } from '#lib/units';

export const HTTP2 = {
  /** What a client may send ahead, of one stream and of all: enough for any network's delay. */
  streamWindowBytes: 1 * MIB,
  connectionWindowBytes: 16 * MIB,
  /** DATA frames that we send, if the client takes them so large: answers take turns. */
  sentFrameBytesMax: 64 * KIB,
  /** Answers are gathered in chunks; so many of these stay for the next ones. */
  outputChunkBytes: 16 * KIB,
  outputChunksKept: 64,
  /** Larger parts of answers are not copied. */
  copiedBytesMax: 4 * KIB,
  /** Written within one turn of the event loop before it ends. */
  outputBytesMax: 256 * KIB,
  /** Answers that take no window (heads, trailers, pings), and that the client does not take. */
  outputBacklogBytesMax: 4 * MIB,
  /** What a message that waits for something takes beside its bytes. */
  waitingMessageBytes: 256,
  /** A stream that has more than this waiting tells its handler to wait. */
  streamBacklogBytes: 64 * KIB,
  /** One header block as it is sent, and the frames that it comes in. */
  headerBlockBytesMax: 32 * KIB,
  headerBlockFramesMax: 8,
  /** Fields of one header list; and what the lists of a connection's open streams have in all. */
  headerFieldsMax: 128,
  openHeadersBytesMax: 32 * MIB,
  /** Time for the rest of a header block. */
  headerBlockMs: 10 * SECOND,
  /** RFC 9113 6.5.2: the table of either end, until the other one's settings say otherwise. */
  hpackTableBytesDefault: 4 * KIB,
  /** RFC 7541 5.1, bytes of a number behind its prefix: 28 bits, far beyond a block's length. */
  hpackNumberBytesMax: 4,
  /** Blocks that are remembered with their meaning, in each direction: a power of two. */
  hpackBlocksRemembered: 16,
  hpackRememberedBytesMax: 256,
  /**
   * Frames that bring no work forward (pings, settings, resets, empty ones): how many at once and
   * how many a second. What costs more counts more often.
   */
  idleFramesMax: 10_000,
  idleFramesPerSecond: 1000,
  settingsCost: 10,
  resetCost: 10,
  /** So much DATA that we send may be answered with a window update. */
  windowUpdateBytes: 1 * KIB,
  /** So that a late frame can be told from a wrong one. */
  closedStreamsKept: 64,
  /** The client has that long to take a connection's last words. */
  goodbyeMs: 1 * SECOND,
  /** Timeouts are looked at so often. */
  tickMs: 1 * SECOND,
} as const;

/** Messages on our own transport. */
export const GRPC = {
  /** Room for the first pieces of a message that comes in many. */
  gatheredFirstBytes: 512,
  /** Of one listener, unpacked at once: the threads that do so write to the disk, too. */
  inflationsMax: 2,
  inflatedChunkBytesMax: 1 * MIB,
  /** What `grpc-message` may say: it may have come from the client. */
  statusMessageCharsMax: 1024,
} as const;

/** Protobuf, as the codecs of their own read it. */
export const WIRE = {
  /** Groups within groups, in fields that nobody knows: as deep as other readers of it go. */
  groupsMax: 100,
} as const;
