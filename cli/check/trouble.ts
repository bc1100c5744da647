/** What stands in the way of a client, at which address, and what to do about it. */
import { status, type ServiceError } from '@grpc/grpc-js';
import { NoAnswer } from '#cli/check/messaging-client';
import { OutOfTime } from '#cli/check/deadline';
import { isServiceError, lastError } from '#cli/failure';
import { CHECK, CONFIG } from '#lib/limits';
import { Code, type Status } from '#proto/types';

export interface Trouble {
  readonly what: string;
  readonly next: string;
}

/** Where and with what a step was under way. */
export interface Scene {
  /** Undefined for the endpoint itself. */
  readonly broker?: string | undefined;
  readonly address: string;
  readonly topic: string;
  readonly group: string;
  readonly isTls: boolean;
  /** Of the whole check. */
  readonly timeoutMs: number;
}

/** The server understood, and said no. wire.md A.2 */
export class Refusal extends Error {
  readonly code: number;

  constructor({ code, message }: Status) {
    super(message);
    this.code = code;
  }
}

/** What the check itself found wrong. */
export class Finding extends Error {
  readonly next: string;

  constructor(what: string, next: string) {
    super(what);
    this.next = next;
  }
}

/** @throws Refusal unless it is OK */
export function assertOk(said: Status | null | undefined): void {
  if (said?.code === Code.OK) return;
  throw new Refusal(said ?? { code: 0, message: 'the answer has no status' });
}

export function troubleOf(error: unknown, scene: Scene): Trouble {
  if (error instanceof Finding) return { what: error.message, next: error.next };
  if (error instanceof Refusal) return refused(error, scene);
  if (error instanceof NoAnswer) return unreachable(`no answer within ${seconds(scene)} s`, scene);
  if (error instanceof OutOfTime) {
    return {
      what: `${placeOf(scene)}: ${error.message}`,
      next: 'give it more time with --timeout; if that is no help, the log of the broker may be',
    };
  }
  if (isServiceError(error)) return notCalled(error, scene);
  throw error;
}

/** What a call had, at most. */
function seconds({ timeoutMs }: Scene): number {
  return Math.min(CHECK.callMs, timeoutMs) / 1000;
}

function placeOf({ broker, address }: Scene): string {
  return broker === undefined ? address : `${broker} (${address})`;
}

function notCalled(error: ServiceError, scene: Scene): Trouble {
  const { code, details } = error;
  switch (code) {
    case status.UNAVAILABLE:
      return unreachable(lastError(details), scene);
    case status.DEADLINE_EXCEEDED:
      return unreachable(`no answer within ${seconds(scene)} s`, scene);
    case status.UNIMPLEMENTED:
      return {
        what: `${placeOf(scene)} answers, but is no door for clients: ${details}`,
        next:
          `clients use port ${CONFIG.grpcPort} of a name server or broker unless it was told ` +
          `otherwise; ${CONFIG.adminPort} is its admin port, ${CONFIG.metricsPort} its metrics`,
      };
    default:
      return {
        what: `${placeOf(scene)}: ${details} (${status[code]})`,
        next: `is it the clients' port of a Sluice? ${tlsHint(scene)}`,
      };
  }
}

function unreachable(why: string, scene: Scene): Trouble {
  const { broker, address } = scene;
  if (broker === undefined) {
    return {
      what: `${address} can't be reached: ${why}`,
      next:
        'is a name server or broker running there, and may this machine connect to it ' +
        `(DNS, firewall, node port)? ${tlsHint(scene)}`,
    };
  }
  return {
    what: `the route names ${broker} at ${address}, which can't be reached from here: ${why}`,
    next:
      'clients dial what the route names, and that depends on the listener that was asked: from ' +
      'outside of the cluster ask the endpoint of an external listener; otherwise see that the ' +
      "broker runs and that its --advertise, or its listener in the instance's spec, names an " +
      'address that is reachable from here',
  };
}

function tlsHint({ isTls }: Scene): string {
  return isTls ? 'Without --tls it is asked in plaintext' : 'With --tls it is asked by TLS';
}

function refused({ code, message }: Refusal, scene: Scene): Trouble {
  const name = Object.entries(Code).find(([, value]) => value === code)?.[0] ?? `code ${code}`;
  return { what: `${placeOf(scene)}: ${message} (${name})`, next: nextStep(code, scene) };
}

function nextStep(code: number, { topic, group }: Scene): string {
  switch (code) {
    case Code.TOPIC_NOT_FOUND:
      return (
        `create it: \`sluice topic create ${topic}\` at each of its brokers, a Topic on ` +
        'Kubernetes; if it is there, are its brokers running?'
      );
    case Code.CONSUMER_GROUP_NOT_FOUND:
      return (
        `create it: \`sluice group create ${group}\` at each broker, a ConsumerGroup on ` +
        'Kubernetes; or name one with --group that only checks use'
      );
    case Code.TOO_MANY_REQUESTS:
      return (
        'the instance is at its quota, or the broker at a limit: try again, send less, ' +
        'or raise the capacity'
      );
    case Code.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE:
      return 'check with a topic of kind normal';
    case Code.ILLEGAL_TOPIC:
    case Code.ILLEGAL_CONSUMER_GROUP:
      return 'correct the name';
    case Code.UNAUTHORIZED:
    case Code.FORBIDDEN:
      return 'see which rights this client has there';
    default:
      return '`sluice broker status` and the log of the server have more about it';
  }
}
