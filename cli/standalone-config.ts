/** The settings of `sluice standalone`, for flags, variables and config file alike. */
import { z } from 'zod';
import {
  advertise,
  checkProxied,
  checkReachable,
  checkTls,
  clientSettings,
  configFile,
  data,
  logSettings,
  metricsPort,
  port,
  text,
  tlsSettings,
  token,
} from '#cli/process-settings';
import { notes } from '#lib/config';
import { CONFIG, STORE } from '#lib/limits';

/** Those of a broker, wherever it runs. */
export const brokerSettings = {
  config: configFile,
  data,
  ...clientSettings,
  advertise: advertise('the one that the client dialled'),
  ...tlsSettings,
  adminHost: text.default(CONFIG.loopback).register(notes, {
    help: 'Address of the admin port; other than loopback needs --admin-token',
    placeholder: 'HOST',
  }),
  adminPort: port(CONFIG.adminPort, 'Port for the sluice command line'),
  adminToken: token('SLUICE_ADMIN_TOKEN', 'What callers of the admin port must present'),
  metricsPort,
  durability: z.enum(['sync', 'fast']).default('sync').register(notes, {
    help: 'Answer a send once it is on disk, or before, when a crash can lose the latest',
    placeholder: 'MODE',
  }),
  retentionHours: z
    .number()
    .min(CONFIG.retentionHoursMin)
    .max(CONFIG.retentionHoursMax)
    .default(CONFIG.retentionHours)
    .register(notes, { help: 'Keep messages for', placeholder: 'HOURS', unit: 'hours' }),
  diskWatermark: z
    .number()
    .min(CONFIG.diskWatermarkMin)
    .max(CONFIG.diskWatermarkMax)
    .default(STORE.diskWatermark)
    .register(notes, {
      help: 'Share of the disk in use above which the oldest messages go early',
      placeholder: 'SHARE',
    }),
  autoCreateTopics: z.boolean().default(true).register(notes, {
    help: 'Refuse unknown topics and groups instead of creating them when a client first asks',
    defaultNote: 'they are created',
  }),
  ...logSettings,
};

export const standaloneSchema = z.strictObject(brokerSettings).superRefine(checkBroker);

/** Complete, valid and frozen. */
export type StandaloneConfig = Readonly<z.output<typeof standaloneSchema>>;

/** What has to fit together in any broker's settings. */
export function checkBroker(
  config: StandaloneConfig & { readonly listeners?: string | undefined },
  context: z.RefinementCtx,
): void {
  const { adminHost: host, adminToken } = config;
  const door = { setting: 'adminHost', host, token: adminToken, variable: 'SLUICE_ADMIN_TOKEN' };
  checkReachable(door, context);
  checkTls(config, context);
  checkProxied(config, context);
}
