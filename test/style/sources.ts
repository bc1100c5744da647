import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The folders behind the subpath imports of package.json: `#lib/errors` is `lib/errors.ts`. */
const ALIASES: Readonly<Record<string, string>> = {
  '#lib/': 'lib/',
  '#proto/': 'proto/',
  '#nameserver/': 'nameserver/',
  '#broker/': 'broker/',
  '#cli/': 'cli/',
  '#support/': 'test/support/',
};

export interface Source {
  /** From the top of the project. */
  readonly path: string;
  readonly text: string;
}

/** The project's own files whose path matches; committed, or new and not ignored. */
export function sources(pattern: RegExp): readonly Source[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard'];
  const paths = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).split('\n');
  return [...new Set(paths)]
    .filter((path) => pattern.test(path) && existsSync(join(ROOT, path)))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

export interface Import {
  /** The imported file, from the top of the project. */
  readonly path: string;
  /** Gone once the types are stripped. */
  readonly isTypeOnly: boolean;
}

const STATEMENT = /^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)';/gm;
const DYNAMIC = /\bimport\('([^']+)'\)/g;

/** What a file imports of the project; packages are left out. */
export function importsOf({ path, text }: Source): readonly Import[] {
  const found = [...text.matchAll(STATEMENT)].map(([, type, specifier = '']) => ({
    specifier,
    isTypeOnly: type !== undefined,
  }));
  const dynamic = [...text.matchAll(DYNAMIC)].map(([, specifier = '']) => ({
    specifier,
    isTypeOnly: false,
  }));
  return [...found, ...dynamic].flatMap(({ specifier, isTypeOnly }) => {
    const target = resolveSpecifier(path, specifier);
    return target === undefined ? [] : [{ path: target, isTypeOnly }];
  });
}

function resolveSpecifier(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return normalize(join(dirname(from), specifier));
  const alias = Object.keys(ALIASES).find((prefix) => specifier.startsWith(prefix));
  return alias && `${ALIASES[alias]}${specifier.slice(alias.length)}.ts`;
}
