/** What the image says about itself and how it is run. The Dockerfile says the same. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { USER_ID } from './image-entries.ts';

const MAIN = 'cli/main.ts';

/** `config` of the OCI image specification, as far as it is used. */
export interface RunConfig {
  readonly User: string;
  readonly ExposedPorts: Readonly<Record<string, object>>;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly WorkingDir: string;
  readonly Labels: Readonly<Record<string, string>>;
}

export async function runConfig(root: string): Promise<RunConfig> {
  const main = await readFile(join(root, MAIN), 'utf8');
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    readonly version: string;
    readonly license: string;
    readonly description: string;
  };
  return {
    // By number: Kubernetes must see that it is not root.
    User: `${USER_ID}:${USER_ID}`,
    ExposedPorts: { '8081/tcp': {}, '8091/tcp': {}, '9090/tcp': {} },
    Env: ['PATH=/usr/local/bin', 'NODE_ENV=production'],
    Entrypoint: ['/usr/local/bin/node', ...runtimeFlags(main), `/app/${MAIN}`],
    // Data is in ./data unless a command is told otherwise.
    WorkingDir: '/',
    Labels: {
      'org.opencontainers.image.title': 'sluice',
      'org.opencontainers.image.description': manifest.description,
      'org.opencontainers.image.version': manifest.version,
      'org.opencontainers.image.licenses': manifest.license,
    },
  };
}

/** Those of the first line of the program: `#!/usr/bin/env -S node --flag ...`. */
function runtimeFlags(main: string): string[] {
  const flags = /^#!\/usr\/bin\/env -S node( .*)?\n/.exec(main)?.[1];
  if (flags === undefined) throw new Error(`${MAIN} does not begin with the flags of the runtime`);
  return flags.trim().split(' ');
}
