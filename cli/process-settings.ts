/** The settings that processes share, each defined once, and the rules that tie some together. */
import { z } from 'zod';
import { notes } from '#lib/config';
import { REGISTRY } from '#lib/fleet-limits';
import { CONFIG } from '#lib/limits';
import { LOG_FORMATS, LOG_LEVELS } from '#lib/log';
import { INTERNAL_LISTENER } from '#proto/fleet';
import { TRANSPORTS } from '#proto/grpc-transport/listener-options';

const PORT_MAX = 65_535;

export const text = z.string().min(1);

/** `help` as a sentence without its end. */
export function port(preset: number, help: string): z.ZodDefault<z.ZodInt> {
  return z
    .int()
    .min(0)
    .max(PORT_MAX)
    .default(preset)
    .register(notes, { help: `${help}; 0 picks a free one`, placeholder: 'PORT' });
}

const PORT = '([1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])';
const HOST_PORT = `(\\[[0-9a-fA-F:.]+\\]|[A-Za-z0-9._-]+):${PORT}`;

const hostPort = text.regex(new RegExp(`^${HOST_PORT}$`));

/** Split it at its commas. */
export const hostPorts = text.regex(
  new RegExp(`^${HOST_PORT}(,${HOST_PORT}){0,${CONFIG.nameServersMax - 1}}$`),
);

/** A secret that callers present as `Bearer TOKEN`. */
export function token(variable: string, help: string): z.ZodOptional<z.ZodString> {
  return text
    .regex(/^[\x21-\x7e]{8,256}$/)
    .optional()
    .register(notes, {
      help: `${help}; better given as ${variable}`,
      placeholder: 'TOKEN',
      allowed: '8 to 256 visible ASCII characters without spaces',
      defaultNote: 'none',
      secret: true,
    });
}

export const fleetToken = token(
  'SLUICE_FLEET_TOKEN',
  'What brokers present to name servers, the same for all of a fleet',
);

export const configFile = text.optional().register(notes, {
  help: 'Read settings from this YAML or JSON file; its keys are the flags without dashes',
  placeholder: 'FILE',
});

export const data = text.default(CONFIG.dataDirectory).register(notes, {
  help: 'Directory that holds everything that is kept',
  placeholder: 'DIR',
});

const LISTENER_NAME = '[a-z]([a-z0-9-]*[a-z0-9])?';

/** Whose connections begin with a PROXY header; see `proxiedOf`. */
const proxyProtocol = text
  .regex(new RegExp(`^${LISTENER_NAME}(,${LISTENER_NAME}){0,${REGISTRY.listenersMax - 1}}$`))
  .optional()
  .register(notes, {
    help:
      'Listeners that a load balancer with the PROXY protocol stands before; ' +
      `${INTERNAL_LISTENER} is the one on --grpc-port`,
    placeholder: 'NAME,...',
    allowed: 'names of listeners, with commas between them',
    defaultNote: 'none',
  });

/** The door for clients. */
export const clientSettings = {
  host: text.default(CONFIG.loopback).register(notes, {
    help: 'Address that clients, health and metrics are served on; 0.0.0.0 for all',
    placeholder: 'HOST',
  }),
  grpcPort: port(CONFIG.grpcPort, 'Port for clients, h2c and TLS alike'),
  transport: z
    .enum(TRANSPORTS)
    .default(CONFIG.transport)
    .register(notes, {
      help:
        'What carries the calls of clients; grpc-js stays for one release, ' +
        'to compare and to fall back',
      placeholder: 'NAME',
    }),
  proxyProtocol,
};

export function advertise(defaultNote: string): z.ZodOptional<z.ZodString> {
  return hostPort.optional().register(notes, {
    help: 'Endpoint that routes name, when clients reach this process by another address',
    placeholder: 'HOST:PORT',
    allowed: 'HOST:PORT, e.g. queue.example.org:8081 or [2001:db8::1]:8081',
    defaultNote,
  });
}

export const fleetFile = text.optional().register(notes, {
  help: 'Read what may change in the running fleet from this JSON file, and look at it each second',
  placeholder: 'FILE',
  defaultNote: 'none',
});

const MORE_LISTENERS_MAX = REGISTRY.listenersMax - 1;
const LISTENER = `${LISTENER_NAME}=(0|${PORT})`;

/** Beside the one that every process has; see `listenersOf`. */
export const listeners = text
  .regex(new RegExp(`^${LISTENER}(,${LISTENER}){0,${MORE_LISTENERS_MAX - 1}}$`))
  .optional()
  .register(notes, {
    help: 'Further ports for clients; routes name the addresses of the listener that was asked',
    placeholder: 'NAME=PORT,...',
    allowed:
      `1 to ${MORE_LISTENERS_MAX} times NAME=PORT, with commas between them; a name has ` +
      'lower-case letters, digits and "-"',
    defaultNote: 'none',
  });

/** Port 0 picks a free one. */
export function listenersOf(setting: string | undefined): { name: string; port: number }[] {
  return (setting?.split(',') ?? []).map((each) => {
    const [name = '', digits] = each.split('=');
    return { name, port: Number(digits) };
  });
}

/** Names are unique, and none is the one of `--grpc-port`. */
export function checkListeners(
  { listeners: setting }: { readonly listeners?: string | undefined },
  context: z.RefinementCtx,
): void {
  const names = listenersOf(setting).map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) refuse(context, 'listeners', `${twice} is there twice`);
  if (names.includes(INTERNAL_LISTENER)) {
    refuse(context, 'listeners', `${INTERNAL_LISTENER} is the listener on --grpc-port`);
  }
  const long = names.find((name) => name.length > REGISTRY.listenerNameCharsMax);
  if (long === undefined) return;
  const most = REGISTRY.listenerNameCharsMax;
  refuse(context, 'listeners', `${long}: a name has at most ${most} characters`);
}

/** Names of listeners. */
export function proxiedOf(setting: string | undefined): readonly string[] {
  return setting?.split(',') ?? [];
}

/** Every listener is there that is said to have a proxy before it. */
export function checkProxied(
  config: {
    readonly proxyProtocol?: string | undefined;
    readonly listeners?: string | undefined;
  },
  context: z.RefinementCtx,
): void {
  const names = [INTERNAL_LISTENER, ...listenersOf(config.listeners).map(({ name }) => name)];
  const missing = proxiedOf(config.proxyProtocol).find((name) => !names.includes(name));
  if (missing === undefined) return;
  refuse(context, 'proxyProtocol', `no listener ${missing}; there are: ${names.join(', ')}`);
}

export const tlsSettings = {
  tlsCert: text.optional().register(notes, {
    help: 'Certificate chain for the gRPC port',
    placeholder: 'PEM-FILE',
    defaultNote: 'a self-signed one, made on first start',
  }),
  tlsKey: text.optional().register(notes, {
    help: 'Private key of --tls-cert',
    placeholder: 'PEM-FILE',
  }),
};

export const metricsPort = port(CONFIG.metricsPort, 'Port for /healthz, /readyz and /metrics');

export const logSettings = {
  logLevel: z.enum(LOG_LEVELS).default('info').register(notes, {
    help: 'Least level logged',
    placeholder: 'LEVEL',
  }),
  logFormat: z.enum(LOG_FORMATS).optional().register(notes, {
    help: 'For people or for machines',
    placeholder: 'FORMAT',
    defaultNote: 'pretty on a terminal, else json',
  }),
};

/** What the run loop needs to know of any process. */
export interface ProcessConfig {
  readonly host: string;
  readonly metricsPort: number;
  readonly logLevel: z.output<typeof logSettings.logLevel>;
  readonly logFormat?: z.output<typeof logSettings.logFormat>;
}

/** Refuses the value of the setting `name`. */
export function refuse(context: z.RefinementCtx, name: string, message: string): void {
  context.addIssue({ code: 'custom', path: [name], message });
}

/** A certificate is of no use without its key, nor a key without its certificate. */
export function checkTls(
  { tlsCert, tlsKey }: { tlsCert?: string | undefined; tlsKey?: string | undefined },
  context: z.RefinementCtx,
): void {
  if ((tlsCert === undefined) === (tlsKey === undefined)) return;
  const present = tlsCert === undefined ? 'tlsKey' : 'tlsCert';
  const message = 'a certificate and its key come together: give --tls-cert and --tls-key';
  refuse(context, present, message);
}

/** The paths of both, where they are given. */
export function certificateOf({
  tlsCert,
  tlsKey,
}: {
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
}): { certPath: string; keyPath: string } | undefined {
  return tlsCert && tlsKey ? { certPath: tlsCert, keyPath: tlsKey } : undefined;
}

/** A port that others can reach, and that changes things, has to ask for a token. */
export function checkReachable(
  door: { setting: string; host: string; token: string | undefined; variable: string },
  context: z.RefinementCtx,
): void {
  if (isLoopback(door.host) || door.token !== undefined) return;
  const message =
    `${door.host} is reachable from elsewhere, so it needs a token: ` +
    `set ${door.variable}, or leave it on ${CONFIG.loopback}`;
  refuse(context, door.setting, message);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
