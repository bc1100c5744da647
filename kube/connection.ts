/**
 * The way to the API server: its address, who we are, and the connections. Where that comes from
 * (a kubeconfig, a service account, a plugin) is read by client-node.
 */
import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { delimiter, dirname, resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, ProxyAgent, type buildConnector, type Dispatcher } from 'undici';
import { parse } from 'yaml';
import type { Clock } from '#lib/clock';
import { KUBE_CALL } from '#lib/kubernetes-limits';

export interface ConnectionOptions {
  /** Undefined: KUBECONFIG, the user's own file, or the service account of the pod. */
  readonly kubeconfig?: string | undefined;
  /** Undefined: the current one. */
  readonly context?: string | undefined;
  readonly clock: Clock;
}

/** What a request needs. */
export interface Access {
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bounded in its connections. */
  readonly calls: Dispatcher;
  /** For watches, each of which keeps a connection to itself, and for what can't wait for one. */
  readonly unbounded: Dispatcher;
}

type Secured = Pick<Access, 'calls' | 'unbounded'>;
type TlsOptions = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;

export class Connection {
  readonly #options: ConnectionOptions;
  #config: KubeConfig;
  #access: Promise<Access> | undefined;
  #askedMs = 0;
  #loadedMs: number;
  #secured: Secured | undefined;
  #securedBy = '';

  /** Throws when there is no configuration, or none that can be used. */
  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#config = load(options);
    this.#loadedMs = options.clock.monotonicMs();
  }

  /** URL of the API server. */
  get server(): string {
    return serverOf(this.#config);
  }

  /** Namespace of the context, or of the pod. */
  get namespace(): string | undefined {
    return this.#config.getContextObject(this.#config.getCurrentContext())?.namespace;
  }

  /** As of now: tokens that were replaced and plugins are asked again from time to time. */
  async access(): Promise<Access> {
    const nowMs = this.#options.clock.monotonicMs();
    if (!this.#access || nowMs - this.#askedMs >= KUBE_CALL.credentialsMs) {
      this.#askedMs = nowMs;
      this.#access = this.#ask();
    }
    const asked = this.#access;
    try {
      return await asked;
    } catch (error) {
      if (this.#access === asked) this.#access = undefined;
      throw error;
    }
  }

  /**
   * The API server did not accept who we are. True when the configuration was read anew, so that
   * another attempt makes sense; not again and again.
   */
  reload(): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#loadedMs < KUBE_CALL.credentialsMs) return false;
    this.#config = load(this.#options);
    this.#loadedMs = nowMs;
    this.#access = undefined;
    return true;
  }

  /** Breaks off what is under way. */
  async close(): Promise<void> {
    await Promise.all([this.#secured?.calls.destroy(), this.#secured?.unbounded.destroy()]);
  }

  async #ask(): Promise<Access> {
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(options.headers ?? {})) {
      headers[name.toLowerCase()] = String(value);
    }
    if (typeof options.auth === 'string') {
      headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
    }
    return { server: this.server, headers, ...this.#secure(tlsOf(options)) };
  }

  /** The connections that are there, unless they were secured with what is no longer valid. */
  #secure(tls: TlsOptions): Secured {
    const securedBy = JSON.stringify([this.server, tls]);
    if (this.#secured && this.#securedBy === securedBy) return this.#secured;
    const old = this.#secured;
    // Calls and watches that are under way end on the old connections.
    void old?.calls.close();
    void old?.unbounded.close();
    this.#securedBy = securedBy;
    this.#secured = {
      calls: dispatcher(this.#config, tls, KUBE_CALL.connectionsMax),
      unbounded: dispatcher(this.#config, tls, null),
    };
    return this.#secured;
  }
}

function tlsOf({ ca, cert, key, rejectUnauthorized, servername }: RequestOptions): TlsOptions {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    ...(servername === undefined ? {} : { servername }),
  };
}

function dispatcher(config: KubeConfig, tls: TlsOptions, connections: number | null): Dispatcher {
  const shared = {
    connections,
    // A connection each: one that is stuck must not hold up the others.
    allowH2: false,
    pipelining: 1,
    connectTimeout: KUBE_CALL.connectMs,
    keepAliveTimeout: KUBE_CALL.idleConnectionMs,
    // The client has its own, on its own clock.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const options = config.createDispatcherOptions(config.getCurrentCluster(), tls);
  switch (options.type) {
    case 'none':
      return new Agent(shared);
    case 'agent':
      return new Agent({ ...shared, connect: options.connect as buildConnector.BuildOptions });
    case 'proxy':
      return new ProxyAgent({
        ...shared,
        uri: options.uri,
        requestTls: options.requestTls as buildConnector.BuildOptions,
      });
    case 'socks':
      throw new Error(`the kubeconfig's proxy-url ${options.uri} is not supported: use HTTP`);
  }
}

function load({ kubeconfig, context }: ConnectionOptions): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromFile(kubeconfig);
  useTokenFiles(config, kubeconfig ?? process.env['KUBECONFIG'] ?? '');
  if (context !== undefined) config.setCurrentContext(context);
  serverOf(config);
  return config;
}

function serverOf(config: KubeConfig): string {
  const cluster = config.getCurrentCluster();
  // What client-node makes up where it finds nothing.
  const isMadeUp = config.getCurrentContext() === 'loaded-context';
  if (cluster && !isMadeUp) return cluster.server.replace(/\/+$/, '');
  const context = config.getCurrentContext();
  throw new Error(
    isMadeUp
      ? 'no Kubernetes configuration: set KUBECONFIG, or run in a pod with a service account'
      : `the kubeconfig has no cluster for the context ${JSON.stringify(context)}`,
  );
}

interface UserEntry {
  readonly name?: string;
  readonly user?: { readonly tokenFile?: string };
}

/** client-node does not know `tokenFile` of users; its provider for service accounts does it. */
function useTokenFiles(config: KubeConfig, files: string): void {
  for (const file of files.split(delimiter).filter((name) => name !== '')) {
    const { users } = parse(readFileSync(file, 'utf8')) as { readonly users?: UserEntry[] };
    for (const { name, user } of users ?? []) {
      const known = config.users.find((each) => each.name === name);
      if (!known || user?.tokenFile === undefined || known.token !== undefined) continue;
      const tokenFile = resolve(dirname(file), user.tokenFile);
      Object.assign(known, { authProvider: { name: 'tokenFile', config: { tokenFile } } });
    }
  }
}
