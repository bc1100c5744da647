/** The settings of `sluice standalone`, for flags, variables and config file alike. */
import { z } from 'zod';
import { notes } from '#lib/config';
import { CONFIG, STORE } from '#lib/limits';
import { LOG_FORMATS, LOG_LEVELS } from '#lib/log';

const PORT_MAX = 65_535;

const port = (preset: number, help: string) =>
  z
    .int()
    .min(0)
    .max(PORT_MAX)
    .default(preset)
    .register(notes, { help: `${help}; 0 picks a free one`, placeholder: 'PORT' });

const text = z.string().min(1);

const hostPort = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):([1-9]\d{0,4})$/;

export const standaloneSchema = z
  .strictObject({
    config: text.optional().register(notes, {
      help: 'Read settings from this YAML or JSON file; its keys are the flags without dashes',
      placeholder: 'FILE',
    }),
    data: text.default(CONFIG.dataDirectory).register(notes, {
      help: 'Directory that holds everything that is kept',
      placeholder: 'DIR',
    }),
    host: text.default(CONFIG.loopback).register(notes, {
      help: 'Address that clients, health and metrics are served on; 0.0.0.0 for all',
      placeholder: 'HOST',
    }),
    grpcPort: port(CONFIG.grpcPort, 'Port for clients, h2c and TLS alike'),
    advertise: text.regex(hostPort).optional().register(notes, {
      help: 'Endpoint that routes name, when clients reach this process by another address',
      placeholder: 'HOST:PORT',
      allowed: 'HOST:PORT, e.g. queue.example.org:8081 or [2001:db8::1]:8081',
      defaultNote: 'the one that the client dialled',
    }),
    tlsCert: text.optional().register(notes, {
      help: 'Certificate chain for the gRPC port',
      placeholder: 'PEM-FILE',
      defaultNote: 'a self-signed one, made on first start',
    }),
    tlsKey: text.optional().register(notes, {
      help: 'Private key of --tls-cert',
      placeholder: 'PEM-FILE',
    }),
    adminHost: text.default(CONFIG.loopback).register(notes, {
      help: 'Address of the admin port; other than loopback needs --admin-token',
      placeholder: 'HOST',
    }),
    adminPort: port(CONFIG.adminPort, 'Port for the sluice command line'),
    adminToken: text
      .regex(/^[\x21-\x7e]{8,256}$/)
      .optional()
      .register(notes, {
        help: 'What callers of the admin port must present; better given as SLUICE_ADMIN_TOKEN',
        placeholder: 'TOKEN',
        allowed: '8 to 256 visible ASCII characters without spaces',
        defaultNote: 'none',
        secret: true,
      }),
    metricsPort: port(CONFIG.metricsPort, 'Port for /healthz, /readyz and /metrics'),
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
      help: 'Refuse unknown topics instead of creating them when a client first asks for one',
      defaultNote: 'they are created',
    }),
    logLevel: z.enum(LOG_LEVELS).default('info').register(notes, {
      help: 'Least level logged',
      placeholder: 'LEVEL',
    }),
    logFormat: z.enum(LOG_FORMATS).optional().register(notes, {
      help: 'For people or for machines',
      placeholder: 'FORMAT',
      defaultNote: 'pretty on a terminal, else json',
    }),
  })
  .superRefine((config, context) => {
    if (!isLoopback(config.adminHost) && config.adminToken === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['adminHost'],
        message:
          `${config.adminHost} is reachable from elsewhere, so it needs a token: ` +
          'set SLUICE_ADMIN_TOKEN, or leave the admin port on 127.0.0.1',
      });
    }
    if ((config.tlsCert === undefined) !== (config.tlsKey === undefined)) {
      const present = config.tlsCert === undefined ? 'tlsKey' : 'tlsCert';
      const message = 'a certificate and its key come together: give --tls-cert and --tls-key';
      context.addIssue({ code: 'custom', path: [present], message });
    }
  });

/** Complete, valid and frozen. */
export type StandaloneConfig = Readonly<z.output<typeof standaloneSchema>>;

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
