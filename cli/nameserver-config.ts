/** The settings of `sluice nameserver`. */
import { z } from 'zod';
import {
  checkListeners,
  checkProxied,
  checkReachable,
  checkTls,
  clientSettings,
  configFile,
  data,
  fleetFile,
  fleetToken,
  listeners,
  logSettings,
  metricsPort,
  port,
  text,
  tlsSettings,
} from '#cli/process-settings';
import { notes } from '#lib/config';
import { CONFIG } from '#lib/limits';

export const nameServerSchema = z
  .strictObject({
    config: configFile,
    data,
    ...clientSettings,
    listeners,
    ...tlsSettings,
    registryHost: text.default(CONFIG.loopback).register(notes, {
      help: 'Address that brokers register at; other than loopback needs --fleet-token',
      placeholder: 'HOST',
    }),
    registryPort: port(CONFIG.registryPort, 'Port for brokers, not to be reached by clients'),
    fleetFile,
    fleetToken,
    metricsPort,
    ...logSettings,
  })
  .superRefine((config, context) => {
    const { registryHost: host, fleetToken: token } = config;
    const door = { setting: 'registryHost', host, token, variable: 'SLUICE_FLEET_TOKEN' };
    checkReachable(door, context);
    checkTls(config, context);
    checkListeners(config, context);
    checkProxied(config, context);
  });

/** Complete, valid and frozen. */
export type NameServerStartConfig = Readonly<z.output<typeof nameServerSchema>>;
