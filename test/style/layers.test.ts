import { expect, test } from '@jest/globals';
import { importsOf, sources, type Source } from './sources.ts';

const code = sources(/^(lib|proto|nameserver|broker|kube|operator|cli|exactly-once)\/.*\.ts$/);

/** Each folder may import itself and what is named here. docs/architecture.md, layers. */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  proto: ['lib'],
  nameserver: ['proto', 'lib'],
  broker: ['proto', 'lib'],
  kube: ['proto', 'lib'],
  operator: ['kube', 'proto', 'lib'],
  cli: ['kube', 'proto', 'lib'],
  // For consumers: it is packed by itself.
  'exactly-once': [],
};

/**
 * Inside the broker: downwards only. A folder is a layer; so is each file that lies directly in
 * `broker/`, those that compose and those that they share.
 */
const BROKER = [
  'main',
  'exposition',
  'register',
  'rocketmq-admin',
  'core-admin',
  'core',
  'grpc',
  'admit',
  'client',
  'metrics',
  'state',
  'identity',
  'consume',
  'produce',
  'topic',
  'store',
];

/** The composition roots, one for each service. */
const COMPOSITION_ROOT = /^cli\/(broker|nameserver|operator)\.ts$/;
const COMPOSED = /^(nameserver|broker|operator)\/main\.ts$/;

test('folders import only what is below them', () => {
  expect(violations(code, folderProblem)).toEqual([]);
});

test('inside the broker a layer imports only what is below it', () => {
  const broker = code.filter(({ path }) => path.startsWith('broker/'));
  expect(violations(broker, brokerProblem)).toEqual([]);
});

test('what is imported exists', () => {
  const paths = new Set(sources(/\.(ts|js|json)$/).map(({ path }) => path));
  expect(violations(code, (_from, to) => !paths.has(to))).toEqual([]);
});

test('the rules find what they should', () => {
  expect(folderProblem('lib/a.ts', 'proto/b.ts')).toBe(true);
  expect(folderProblem('cli/commands/a.ts', 'broker/main.ts')).toBe(true);
  expect(folderProblem('cli/broker.ts', 'broker/main.ts')).toBe(false);
  expect(folderProblem('cli/broker.ts', 'broker/store/store.ts')).toBe(true);
  expect(brokerProblem('broker/store/a.ts', 'broker/topic/b.ts')).toBe(true);
  expect(brokerProblem('broker/grpc/a.ts', 'broker/store/b.ts')).toBe(false);
  expect(brokerProblem('broker/grpc/a.ts', 'broker/main.ts')).toBe(true);
  expect(brokerProblem('broker/admin/a.ts', 'broker/grpc/b.ts')).toBe(true);
  const text = "import {\n  type A,\n} from '#lib/a';\nexport * from './b.ts';\nimport 'zod';\n";
  expect(importsOf({ path: 'cli/x.ts', text }).map(({ path }) => path)).toEqual([
    'lib/a.ts',
    'cli/b.ts',
  ]);
});

function violations(
  files: readonly Source[],
  isProblem: (from: string, to: string) => boolean,
): readonly string[] {
  return files.flatMap((file) =>
    importsOf(file)
      .filter(({ path }) => isProblem(file.path, path))
      .map(({ path }) => `${file.path} imports ${path}`),
  );
}

function folderProblem(from: string, to: string): boolean {
  const [own = ''] = from.split('/');
  const [other = ''] = to.split('/');
  if (COMPOSITION_ROOT.test(from) && COMPOSED.test(to)) return false;
  return own !== other && !FOLDERS[own]?.includes(other);
}

function brokerProblem(from: string, to: string): boolean {
  if (!to.startsWith('broker/')) return false;
  const own = brokerLayer(from);
  const other = brokerLayer(to);
  return own !== other && !mayImport(own, other);
}

/** `broker/store/a.ts` is in `store`, `broker/core.ts` is `core`. */
function brokerLayer(path: string): string {
  return path.split('/')[1]?.replace(/\.ts$/, '') ?? '';
}

function mayImport(own: string, other: string): boolean {
  // The admin service stands beside the clients' door and sees the broker only as an interface.
  if (own === 'admin') return false;
  if (other === 'admin') return own === 'main' || own === 'core-admin' || own === 'rocketmq-admin';
  return BROKER.includes(own) && BROKER.indexOf(own) < BROKER.indexOf(other);
}
