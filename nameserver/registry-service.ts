/** sluice.fleet.v1.Registry: where brokers report. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { SluiceError } from '#lib/errors';
import type { Log } from '#lib/log';
import type { Registrations } from '#nameserver/registrations';
import { brokerReport, REGISTRY_SERVICE, registryAnswer } from '#proto/fleet';
import type { Call, Duplex, Service } from '#proto/grpc-transport/call';

/** gRPC statuses that end a stream of reports. */
const INVALID_ARGUMENT = 3;
const RESOURCE_EXHAUSTED = 8;
const FAILED_PRECONDITION = 9;
const INTERNAL = 13;
const UNAUTHENTICATED = 16;

export interface RegistryServiceOptions {
  readonly registrations: Registrations;
  /** The secret of the fleet; undefined lets everybody report who can reach the port. */
  readonly token: string | undefined;
  readonly log: Log;
}

export function createRegistryService(options: RegistryServiceOptions): Service {
  return {
    name: REGISTRY_SERVICE,
    methods: {
      Register: { kind: 'duplex', handle: (stream, call) => register(stream, call, options) },
    },
  };
}

function register(
  stream: Duplex,
  call: Call,
  { registrations, token, log }: RegistryServiceOptions,
): void {
  const { peer } = call;
  if (token !== undefined && !hasToken(call, token)) {
    log.warn({ peer }, 'refused a report: it lacks the token of the fleet');
    stream.fail(UNAUTHENTICATED, 'metadata authorization must be "Bearer <token of the fleet>"');
    return;
  }
  let isOver = false;
  stream.onMessage((bytes) => {
    if (isOver) return;
    try {
      stream.write(registryAnswer.encode(registrations.report(stream, brokerReport.decode(bytes))));
    } catch (foreign) {
      isOver = true;
      const error = SluiceError.from(foreign);
      log.warn({ error: foreign, peer }, 'refused a report');
      stream.fail(grpcStatusOf(error), error.message);
    }
  });
  stream.onEnd(() => {
    isOver = true;
    registrations.streamEnded(stream);
    stream.end();
  });
}

function grpcStatusOf({ code }: SluiceError): number {
  switch (code) {
    case 'BAD_REQUEST':
      return INVALID_ARGUMENT;
    case 'ALREADY_EXISTS':
      return FAILED_PRECONDITION;
    case 'TOO_MANY_REQUESTS':
      return RESOURCE_EXHAUSTED;
    default:
      return INTERNAL;
  }
}

function hasToken(call: Call, token: string): boolean {
  // Hashes have one length, so the comparison takes the same time whatever was given.
  return timingSafeEqual(digest(call.header('authorization')), digest(`Bearer ${token}`));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
