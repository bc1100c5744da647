/**
 * What may change in a running fleet: one JSON file for all of its brokers and name servers. On
 * Kubernetes a ConfigMap holds it.
 */
import { z } from 'zod';
import { SluiceError } from '#lib/errors';
import { isDialable, parseHostPort } from '#lib/host-port';
import { FLEET, REGISTRY } from '#lib/fleet-limits';
import { CONFIG } from '#lib/limits';
import { BROKER_NAME, LISTENER_NAME } from '#proto/names';

const address = z.string().refine(isAddress, 'must be HOST:PORT that others can dial');

const listenerName = z
  .string()
  .max(REGISTRY.listenerNameCharsMax)
  .regex(LISTENER_NAME, 'must have lower-case letters, digits and "-" only');

const brokerName = z
  .string()
  .max(REGISTRY.brokerNameCharsMax)
  .regex(BROKER_NAME, 'must have letters, digits, ".", "_" and "-" only');

/** Unknown keys are left out, not refused: who writes the file may be newer than who reads it. */
const schema = z.object({
  /** Opaque; told back in the status of a broker that follows these settings. */
  revision: z.string().max(FLEET.revisionCharsMax),
  /** Registry listener of each; empty where brokers answer for routes themselves. */
  nameServers: z.array(address).max(CONFIG.nameServersMax),
  edition: z.enum(['standard', 'platinum']),
  /** Messages a second of the whole fleet, sent and received; unlimited when it is missing. */
  tps: z.int().min(1).optional(),
  /** By the broker's name in the routes. */
  brokers: z
    .record(
      brokerName,
      z.object({
        /** It takes no messages from clients, and routes say so. */
        readOnly: z.boolean().default(false),
        /** Where clients reach it, by name of the listener. */
        listeners: z
          .record(listenerName, address)
          .refine(
            (listeners) => Object.keys(listeners).length <= REGISTRY.listenersMax,
            `must be at most ${REGISTRY.listenersMax}`,
          )
          .default({}),
      }),
    )
    .refine(
      (brokers) => Object.keys(brokers).length <= REGISTRY.brokersMax,
      `must be at most ${REGISTRY.brokersMax}`,
    ),
});

export type FleetSettings = z.output<typeof schema>;
export type Edition = FleetSettings['edition'];
export type FleetBroker = FleetSettings['brokers'][string];

/** Settings that can change at any time. */
export interface FleetSettingsSource {
  readonly current: FleetSettings;
  /** Told of each change. */
  onChange: (settings: FleetSettings) => void;
}

/** @throws SluiceError BAD_REQUEST that says all that is wrong */
export function parseFleetSettings(text: string): FleetSettings {
  const { success, data, error } = schema.safeParse(parseJson(text));
  if (success) return data;
  const problems = error.issues.map((issue) => {
    const place = issue.path.join('.') || 'the whole';
    const ofKey = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
    return `${place}: ${ofKey ?? issue.message}`;
  });
  const shown = problems.slice(0, FLEET.problemsShownMax).join('; ');
  const more = problems.length > FLEET.problemsShownMax ? `; ${problems.length} in all` : '';
  throw new SluiceError('BAD_REQUEST', shown + more);
}

/** Undefined for a broker that is not of the fleet. */
export function fleetBroker({ brokers }: FleetSettings, name: string): FleetBroker | undefined {
  return Object.hasOwn(brokers, name) ? brokers[name] : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SluiceError('BAD_REQUEST', `no JSON: ${reason}`, { cause });
  }
}

function isAddress(text: string): boolean {
  const parsed = parseHostPort(text);
  return parsed !== undefined && isDialable(parsed);
}
