/** Every limit of the processes of a fleet among themselves; beside lib/limits.ts. */
import { MIB, SECOND } from '#lib/units';

/** Brokers and their name servers. */
export const REGISTRY = {
  /**
   * The product's name servers hear from brokers every 30 s. Here they have to drop a broker that
   * is cut off in some 4 s, so that clients find the others: kubernetes.md, zones. A keep-alive is
   * some 60 bytes.
   */
  reportMs: 1 * SECOND,
  /**
   * Three keep-alives may be late or lost. A broker that is busy for longer than that with anything
   * but its timers does not serve its clients either; collecting garbage takes it far less.
   */
  silentMs: 4 * SECOND,
  /** Of brokers that don't say how often they report: those of a fleet that is being upgraded. */
  silentUnsaidMs: 30 * SECOND,
  /** A crash, or a connection that was cut: that one is back after a few of the waits below. */
  brokenStreamMs: 2 * SECOND,
  /**
   * Before it drops a broker, a name server reads once more what has come: it may have stood still
   * itself, with the reports waiting in its sockets.
   */
  lastCallMs: 250,
  /** Changes within this time go into one report. */
  changeDelayMs: 50,
  /** Waits before a broken stream is opened again: four of them fit into `brokenStreamMs`. */
  reconnect: { initialMs: 100, maxMs: 1 * SECOND, multiplier: 2 },
  /**
   * A report that is not answered by then, a new connection included, breaks the stream. Below
   * `silentMs`: on a connection that has died without a word, another one is tried in time.
   */
  answerMs: 3 * SECOND,
  /** A broker that stops waits so long for its name servers to take it out of the routes. */
  goodbyeMs: 500,
  /** After its start a name server waits so long before it is ready: brokers are back by then. */
  relearnMs: 3 * SECOND,
  brokersMax: 1000,
  brokerNameCharsMax: 128,
  listenersMax: 16,
  /** As a label of DNS. */
  listenerNameCharsMax: 63,
} as const;

/** What the processes of a fleet share beside their reports. */
export const FLEET = {
  /** Looks at the file of settings; a ConfigMap takes up to a minute to get there. */
  settingsPollMs: 1 * SECOND,
  /** As much as a ConfigMap holds. */
  settingsBytesMax: 1 * MIB,
  revisionCharsMax: 256,
  /** Of what is wrong with the settings, in one message. */
  problemsShownMax: 5,
  /** What a broker may report as its demand, in messages a second: any that is real. */
  demandMax: 1e9,
  /**
   * Above its demand a broker's share has this part of it, and this part of an even share, while
   * others have to go without: room for what comes anew. Together they stay within the 5 % by which
   * a fleet may miss its quota. architecture.md, editions.
   */
  demandHeadroom: 0.02,
  idleShare: 0.01,
  /**
   * Receives that were refused don't tell how much they would have got: the demand counts as so
   * many times the share, until none is refused or there is no more to share out.
   */
  hungryFactor: 3,
} as const;
