/** Wrong values are refused, and the message says which value and what is allowed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { CHART, describeWithHelm, rendered, type Values } from './helm.ts';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly $ref?: string;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

const WRONG: readonly (readonly [values: Values, where: string, why: RegExp])[] = [
  [{ replica: 3 }, "''", /additional properties 'replica' not allowed/],
  [{ replicas: 'two' }, "'/replicas'", /got string, want integer/],
  [{ replicas: 6 }, "'/replicas'", /maximum: got 6, want 5/],
  [{ logLevel: 'loud' }, "'/logLevel'", /value must be one of 'trace', 'debug', 'info'/],
  [{ watchNamespaces: 'shop' }, "'/watchNamespaces'", /got string, want array/],
  [{ watchNamespaces: ['shop', 'shop'] }, "'/watchNamespaces'", /items at 0 and 1 are equal/],
  [{ watchNamespaces: ['Shop'] }, "'/watchNamespaces/0'", /'Shop' does not match pattern/],
  [{ image: { tag: 'a b' } }, "'/image/tag'", /does not match pattern/],
  [{ image: { digest: 'sha256:1' } }, "'/image/digest'", /does not match pattern/],
  [{ image: { pullPolicy: 'Sometimes' } }, "'/image/pullPolicy'", /must be one of 'Always'/],
  [{ webhook: { failurePolicy: 'Maybe' } }, "'/webhook/failurePolicy'", /'Ignore', 'Fail'/],
  [{ webhook: { timeoutSeconds: 31 } }, "'/webhook/timeoutSeconds'", /maximum: got 31, want 30/],
  [{ crds: { enabled: 'yes please' } }, "'/crds/enabled'", /got string, want boolean/],
  [{ resources: { limits: { memory: '1 GB' } } }, "'/resources/limits/memory'", /pattern/],
  [{ resources: { request: {} } }, "'/resources'", /'request' not allowed/],
  [{ nodeSelector: { disk: true } }, "'/nodeSelector/disk'", /got boolean, want string/],
  [
    { monitoring: { podMonitor: { interval: '30' } } },
    "'/monitoring/podMonitor/interval'",
    /does not match pattern/,
  ],
  [
    { monitoring: { prometheusRule: { runbookUrl: 'operations.md' } } },
    "'/monitoring/prometheusRule/runbookUrl'",
    /does not match pattern/,
  ],
];

const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as Schema;
const values = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as Values;

/** All paths of objects with named properties. */
function pathsOf(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, `${path}.${key}`));
}

function at(path: string): Schema | undefined {
  let found: Schema | undefined = schema;
  for (const key of path.split('.').slice(1)) {
    const name: string | undefined = found?.$ref?.slice('#/definitions/'.length);
    const resolved: Schema | undefined = name === undefined ? found : schema.definitions?.[name];
    // Free maps, such as labels, name no properties.
    if (resolved?.properties === undefined) return resolved;
    found = resolved.properties[key];
  }
  return found;
}

test('every value that is documented is in the schema', () => {
  const paths = pathsOf(values, '');
  expect(paths.length).toBeGreaterThan(30);
  expect(paths.filter((path) => at(path) === undefined)).toEqual([]);
});

test('every value in the schema is documented', () => {
  const missing = Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    if (name === 'global') return []; // Helm's own
    const properties = Object.keys(inner.properties ?? {});
    const given = values[name] as Values | undefined;
    if (given === undefined) return [name];
    return properties.filter((key) => !(key in given)).map((key) => `${name}.${key}`);
  });
  expect(missing).toEqual([]);
});

describeWithHelm('a wrong value', () => {
  test.each(WRONG)('%j', async (wrong, where, why) => {
    const said = await rendered(wrong).then(
      () => 'taken',
      (error: Error & { stderr: string }) => error.stderr,
    );
    expect(said).toContain(`at ${where}`);
    expect(said).toMatch(why);
  });
});
