/** Our .proto beside the one that a public client brings along: names, numbers, types, labels. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { loadSync } from '@grpc/proto-loader';
import type { PackageDefinition } from '@grpc/proto-loader';
import { MESSAGING_SERVICE } from '#proto/messages';

interface Descriptor {
  field?: { name: string; number: number; label: string; type: string; typeName: string }[];
  value?: { name: string; number: number }[];
}

const require = createRequire(import.meta.url);
const clientFolder = dirname(require.resolve('rocketmq-client-nodejs/package.json'));
const client = loadSync('apache/rocketmq/v2/service.proto', {
  includeDirs: [join(clientFolder, 'proto')],
});

const ours = loadSync(fileURLToPath(new URL('../../proto/rocketmq.proto', import.meta.url)));

/** One line for each field, enum value and method of the package. */
function facts(loaded: PackageDefinition): string[] {
  const lines: string[] = [];
  for (const [fullName, entry] of Object.entries(loaded)) {
    const descriptor = ('type' in entry ? entry['type'] : {}) as Descriptor;
    for (const { name, number, label, type, typeName } of descriptor.field ?? []) {
      lines.push(`${fullName}.${name} = ${number} ${label} ${type} ${typeName}`);
    }
    for (const { name, number } of descriptor.value ?? []) {
      lines.push(`${fullName}.${name} = ${number}`);
    }
  }
  for (const [name, method] of Object.entries(loaded[MESSAGING_SERVICE] ?? {})) {
    lines.push(`${name} ${method.path} ${method.requestStream} ${method.responseStream}`);
  }
  return lines.sort();
}

describe('rocketmq.proto and the public Node client', () => {
  test('the client knows nothing that ours does not, and ours adds only what is listed', () => {
    const known = new Set(facts(ours));
    const theirs = new Set(facts(client));
    expect(theirs.size).toBeGreaterThan(300);
    expect([...theirs].filter((fact) => !known.has(fact))).toEqual([]);
    const added = [...known].filter((fact) => !theirs.has(fact));
    expect(added.map((fact) => fact.split(' ')[0])).toEqual([
      'apache.rocketmq.v2.Code.INVALID_CLIENT_PROPERTIES',
      'apache.rocketmq.v2.Settings.clientProperties',
    ]);
  });
});
