/** The settings of `sluice broker start`: those of standalone, and its place in a fleet. */
import { hostname } from 'node:os';
import { z } from 'zod';
import { advertise, fleetToken, hostPorts, isWildcard, refuse, text } from '#cli/process-settings';
import { brokerSettings, checkBroker } from '#cli/standalone-config';
import { notes } from '#lib/config';
import { CONFIG, REGISTRY } from '#lib/limits';
import { BROKER_NAME } from '#proto/names';

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
    fleetToken,
    ...brokerSettings,
    advertise: advertise('--host and --grpc-port'),
  })
  .superRefine((config, context) => {
    checkBroker(config, context);
    const { host, nameServers } = config;
    if (nameServers !== undefined && config.advertise === undefined && isWildcard(host)) {
      const message =
        `${host} is no address that a client could dial, and the name servers would ` +
        'route to it: say with --advertise HOST:PORT how clients reach this broker';
      refuse(context, 'host', message);
    }
  });

/** Complete, valid and frozen. */
export type BrokerStartConfig = Readonly<z.output<typeof brokerSchema>>;
