import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { fullReference } from '../../scripts/image.ts';
import { type RunConfig, runConfig } from '../../scripts/image-config.ts';
import { USER_ID } from '../../scripts/image-entries.ts';
import { imageLayers, ROOT } from '../../scripts/image-layers.ts';

type Instruction = readonly [name: string, rest: string];

/** The instructions of the last stage of the Dockerfile. */
function lastStage(): Instruction[] {
  const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
  const lines = text.replaceAll(/\\\n/g, ' ').split('\n');
  const instructions = lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line): Instruction => [line.split(' ')[0] ?? '', line.slice(line.indexOf(' ') + 1)]);
  return instructions.slice(instructions.findLastIndex(([name]) => name === 'FROM'));
}

function configOf(instructions: readonly Instruction[]): RunConfig {
  const all = (name: string): string[] =>
    instructions.filter(([each]) => each === name).map(([, rest]) => rest);
  const labels = [
    ...all('LABEL')
      .join(' ')
      .matchAll(/([\w.]+)="([^"]*)"/g),
  ];
  const ports = all('EXPOSE').flatMap((rest) => rest.split(' '));
  return {
    User: all('USER').join(),
    ExposedPorts: Object.fromEntries(ports.map((port) => [`${port}/tcp`, {}])),
    Env: all('ENV'),
    Entrypoint: JSON.parse(all('ENTRYPOINT').join()) as string[],
    WorkingDir: all('WORKDIR').join(),
    Labels: Object.fromEntries(labels.map(([, name = '', value = '']) => [name, value])),
  };
}

test('the Dockerfile and the archive run the image in the same way', async () => {
  expect(configOf(lastStage())).toEqual(await runConfig(ROOT));
});

test('the Dockerfile has the same layers in the same order', async () => {
  const copies = lastStage().filter(([name]) => name === 'COPY');
  const layers = await imageLayers();
  expect(copies.map(([, rest]) => /\/rootfs\/(\w+)/.exec(rest)?.[1])).toEqual(
    layers.map(({ name }) => name),
  );
  // Only what is not root's needs a word about its owner.
  for (const [index, [, rest]] of copies.entries()) {
    const owners = (layers[index]?.entries ?? []).map((entry) =>
      entry.kind === 'directory' ? entry.ownerId : 0,
    );
    const chown = rest.includes(`--chown=${USER_ID}:${USER_ID}`) ? USER_ID : 0;
    expect(new Set(owners)).toEqual(new Set([chown]));
  }
});

test('the Dockerfile is given everything that the image is made from', async () => {
  const ignore = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
  const layers = await imageLayers();
  const program = layers.find(({ name }) => name === 'program')?.entries ?? [];
  const needed = program
    .map(({ path }) => /^app\/([^/]+)/.exec(path)?.[1])
    .filter((name) => name !== undefined);
  expect(ignore).toContain('*');
  for (const name of new Set(needed)) expect(ignore).toContain(`!${name}`);
});

test('the flags of the runtime are those of the first line of the program', async () => {
  const [line] = readFileSync(join(ROOT, 'cli/main.ts'), 'utf8').split('\n');
  const { Entrypoint: entrypoint } = await runConfig(ROOT);
  expect(line).toBe(`#!/usr/bin/env -S node ${entrypoint.slice(1, -1).join(' ')}`);
});

test.each([
  ['sluice:1.2', 'docker.io/library/sluice:1.2'],
  ['someone/sluice:1.2', 'docker.io/someone/sluice:1.2'],
  ['localhost/sluice:1.2', 'localhost/sluice:1.2'],
  ['registry.example.org:5000/mq/sluice:1.2', 'registry.example.org:5000/mq/sluice:1.2'],
])('%s is %s to containerd', (tag, reference) => {
  expect(fullReference(tag)).toBe(reference);
});

test.each(['sluice', 'sluice:', ':1', 'a b:1'])('%s is no name of an image', (tag) => {
  expect(() => fullReference(tag)).toThrow('--tag is NAME:TAG');
});
