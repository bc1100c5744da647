/** The life of a message, in the words of `AdminBackend`. */

export type TraceEventKind =
  | 'sent'
  /** It was put away until its time. */
  | 'scheduled'
  /** It was put away until its transaction was committed. */
  | 'prepared'
  /** It came into its queue. */
  | 'stored'
  | 'handed-out'
  /** The broker kept it hidden for a consumer that was still there. */
  | 'renewed'
  /** The consumer asked for more time. */
  | 'extended'
  /** The consumer could not handle it: again after a wait. */
  | 'postponed'
  /** The consumer was gone before it got it; the attempt does not count. */
  | 'given-back'
  /** The consumer was gone before its time was over. */
  | 'released'
  | 'timed-out'
  | 'acknowledged'
  | 'dead-lettered'
  /** A consumer that keeps its own place has passed it. */
  | 'committed'
  /** Somebody set the group to another offset, before or behind the message. */
  | 'reset';

export type TraceOutcome =
  | 'consumed'
  | 'in-progress'
  | 'waiting-for-retry'
  | 'dead-lettered'
  | 'not-yet'
  /** Its filter does not want the message, or it was told to go on behind it. */
  | 'passed-over';

export interface TraceRequest {
  /** Undefined: in whatever topic it is. */
  readonly topic: string | undefined;
  readonly message: { readonly id: string } | { readonly queue: number; readonly offset: number };
}

export interface TraceClient {
  /** Empty when only its address is known. */
  readonly clientId: string;
  readonly address: string;
  readonly language: string;
}

export interface TracePlace {
  readonly topic: string;
  readonly queue: number;
  readonly offset: number;
}

export interface TraceEvent {
  readonly kind: TraceEventKind;
  readonly atMs: number;
  /** Undefined for what its producer and the broker did. */
  readonly group: string | undefined;
  /** Which delivery, from 1. */
  readonly attempt: number | undefined;
  /** Hidden from the others of the group until then. */
  readonly untilMs: number | undefined;
  /** Since it was sent, due, prepared, or handed out. */
  readonly tookMs: number | undefined;
  /** How often in a row; more than 1 only for renewals, of which this is the first. */
  readonly times: number;
  readonly by: TraceClient | undefined;
  /** The dead letter. */
  readonly copy: TracePlace | undefined;
}

export interface GroupTrace {
  readonly group: string;
  readonly outcome: TraceOutcome;
  /** Deliveries. */
  readonly attempts: number;
  /** From stored to the end; undefined while there is none. */
  readonly tookMs: number | undefined;
}

/** What a client itself says, of a message that it sent or was given. */
export interface ClientTraceEvent {
  /** It sent the message; began to work on it; ended that. */
  readonly kind: 'sent' | 'began' | 'ended';
  /** By its own clock; undefined when it does not say. */
  readonly atMs: number | undefined;
  /** Its own; empty when it does not say. */
  readonly group: string;
  readonly tookMs: number | undefined;
  readonly succeeded: boolean | undefined;
  /** Empty when it does not say. */
  readonly address: string;
}

export interface MessageTrace {
  readonly messageId: string;
  readonly place: TracePlace;
  readonly tag: string | undefined;
  readonly keys: readonly string[];
  /** Of a dead letter. */
  readonly origin: { readonly topic: string; readonly messageId: string } | undefined;
  /** `host:port` of the broker that stored it. */
  readonly broker: string;
  /** In order of time. */
  readonly events: readonly TraceEvent[];
  /** In order of name: those that consume the topic, and those that did. */
  readonly groups: readonly GroupTrace[];
  /** What clients wrote into the trace topic, in order of time. */
  readonly clientEvents: readonly ClientTraceEvent[];
  /** Other messages of the same id in this topic: it was sent more than once. */
  readonly others: readonly TracePlace[];
  /** False: it has so many records that the last ones were left out. */
  readonly complete: boolean;
}
