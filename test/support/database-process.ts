/** A database server in a process of its own, on a socket in a temporary directory. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, globSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

import { until } from '#support/until';

const run = promisify(execFile);
const START_MS = 60_000;
const PROBE_MS = 2_000;
/** Database servers refuse to run as root: then they run as `nobody`. */
const NOBODY = 65_534;

/** Where Debian puts the programs of PostgreSQL, the newest version first. */
const POSTGRESQL = globSync('/usr/lib/postgresql/*/bin').sort().toReversed();

export interface DatabaseProcess {
  /** The directory of PostgreSQL's socket, or MariaDB's socket. */
  readonly socket: string;
  stop(): Promise<void>;
}

/** Undefined when it is not installed. */
function find(program: string, directories: readonly string[]): string | undefined {
  const path = [...directories, ...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  return path.map((directory) => join(directory, program)).find(isThere);
}

function isThere(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

const owner = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

async function ownDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-db-'));
  if (owner.uid !== undefined) await chown(directory, owner.uid, owner.gid);
  return directory;
}

async function start(
  directory: string,
  program: string,
  options: readonly string[],
  isReady: () => Promise<unknown>,
): Promise<() => Promise<void>> {
  const child: ChildProcess = spawn(program, options, {
    ...owner,
    cwd: directory,
    stdio: 'ignore',
  });
  const ended = once(child, 'close');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await until(START_MS, () =>
      isReady().then(
        () => true,
        () => false,
      ),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

const initdb = find('initdb', POSTGRESQL);
const postgres = find('postgres', POSTGRESQL);
const pgIsReady = find('pg_isready', POSTGRESQL);

export const hasPostgresql = initdb !== undefined && postgres !== undefined;

/** Its user is `sluice`, who needs no password; the database is `postgres`. */
export async function startPostgresql(): Promise<DatabaseProcess> {
  if (!initdb || !postgres || !pgIsReady) throw new Error('PostgreSQL is not installed');
  const directory = await ownDirectory();
  const data = join(directory, 'data');
  const options = { ...owner, cwd: directory };
  const how = ['--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync'];
  await run(initdb, ['--pgdata', data, '--username', 'sluice', ...how], options);
  const settings = ['-D', data, '-k', directory, '-h', '', '-c', 'max_connections=50'];
  const isReady = () => run(pgIsReady, ['--host', directory], { timeout: PROBE_MS });
  const stop = await start(directory, postgres, settings, isReady);
  return { socket: directory, stop };
}

const installDb = find('mariadb-install-db', []);
const mariadbd = find('mariadbd', []);
const mariadbAdmin = find('mariadb-admin', []);

export const hasMariadb = installDb !== undefined && mariadbd !== undefined;

/** Its user is `root`, who needs no password; the database is `test`. */
export async function startMariadb(): Promise<DatabaseProcess> {
  if (!installDb || !mariadbd || !mariadbAdmin) throw new Error('MariaDB is not installed');
  const directory = await ownDirectory();
  const data = join(directory, 'data');
  const socket = join(directory, 'socket');
  const how = ['--no-defaults', '--auth-root-authentication-method=normal'];
  const options = { ...owner, cwd: directory };
  await run(installDb, [...how, `--datadir=${data}`], options);
  const settings = ['--no-defaults', `--datadir=${data}`, `--socket=${socket}`];
  const more = ['--skip-networking', `--pid-file=${join(directory, 'pid')}`];
  const ping = ['--no-defaults', `--socket=${socket}`, '--user=root', 'ping'];
  const isReady = () => run(mariadbAdmin, ping, { timeout: PROBE_MS });
  const stop = await start(directory, mariadbd, [...settings, ...more], isReady);
  return { socket, stop };
}
