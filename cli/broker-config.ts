/** The settings of `sluice broker start`: those of standalone, and its place in a fleet. */
import { hostname } from 'node:os';
import { z } from 'zod';
import {
  advertise,
  checkListeners,
  fleetFile,
  fleetToken,
  hostPorts,
  listeners,
  refuse,
  text,
} from '#cli/process-settings';
import { brokerSettings, checkBroker } from '#cli/standalone-config';
import { notes } from '#lib/config';
import { isWildcard } from '#lib/host-port';
import { REGISTRY } from '#lib/fleet-limits';
import { CONFIG } from '#lib/limits';
import { BROKER_NAME } from '#proto/names';

/** What the settings of a fleet say too. */
const SAID_BY_FLEET = [
  ['nameServers', 'which name servers there are'],
  ['advertise', 'where clients reach each broker'],
] as const;

export const brokerSchema = z
  .strictObject({
    name: text
      .max(REGISTRY.brokerNameCharsMax)
      .regex(BROKER_NAME)
      .prefault(hostname())
      .register(notes, {
        help: 'Name in the routes, the same after a restart and unique in the fleet',
        placeholder: 'NAME',
        allowed: `1 to ${REGISTRY.brokerNameCharsMax} letters, digits, ".", "_" and "-"`,
        defaultNote: "the host's name",
      }),
    nameServers: hostPorts.optional().register(notes, {
      help: 'Registry ports of all name servers of the fleet',
      placeholder: 'HOST:PORT,...',
      allowed: `1 to ${CONFIG.nameServersMax} times HOST:PORT, with commas between them`,
      defaultNote: 'none: clients ask this broker for its routes',
    }),
    fleetFile,
    fleetToken,
    ...brokerSettings,
    advertise: advertise('--host and --grpc-port'),
    listeners,
  })
  .superRefine((config, context) => {
    checkBroker(config, context);
    checkListeners(config, context);
    const { host, nameServers } = config;
    for (const [setting, what] of SAID_BY_FLEET) {
      if (config.fleetFile === undefined || config[setting] === undefined) continue;
      refuse(context, setting, `the file of --fleet-file says ${what}; give one of the two`);
    }
    if (config.listeners !== undefined && nameServers !== undefined) {
      const message =
        'name servers have to be told where clients reach these: ' +
        'say it, and the name servers, in the file of --fleet-file';
      refuse(context, 'listeners', message);
    }
    if (nameServers !== undefined && config.advertise === undefined && isWildcard(host)) {
      const message =
        `${host} is no address that a client could dial, and the name servers would ` +
        'route to it: say with --advertise HOST:PORT how clients reach this broker';
      refuse(context, 'host', message);
    }
  });

/** Complete, valid and frozen. */
export type BrokerStartConfig = Readonly<z.output<typeof brokerSchema>>;
