import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { parseAllDocuments, stringify } from 'yaml';
import { fleetSecret } from '#operator/resources/fleet-secret';
import { complete, objectsOf, SAMPLES, SPECS, type Sample } from './samples.ts';

/**
 * Exactly what an instance becomes. What changes in a pod template here restarts the pods of every
 * instance when the operator is upgraded. UPDATE_GOLDEN=1 writes the files anew.
 */
test.each(SAMPLES)('the objects of a %s instance', async (sample) => {
  const objects = objectsOfSample(sample);
  const file = new URL(`golden/${sample}.yaml`, import.meta.url);
  if (process.env['UPDATE_GOLDEN'] === '1') await writeFile(file, inYaml(objects));
  const documents = parseAllDocuments(await readFile(file, 'utf8'));
  expect(objects).toEqual(documents.map((document) => document.toJS() as unknown));
});

function objectsOfSample(sample: Sample): object[] {
  const instance = complete(SPECS[sample]);
  const tokens = { adminToken: 'admin-token-of-a-test', fleetToken: 'fleet-token-of-a-test' };
  return [fleetSecret(instance, tokens), ...objectsOf(instance).map(({ object }) => object)];
}

/** As prettier would write it. */
function inYaml(objects: readonly object[]): string {
  return objects
    .map((object) =>
      stringify(object, { lineWidth: 0, singleQuote: true, aliasDuplicateObjects: false }),
    )
    .join('---\n');
}
