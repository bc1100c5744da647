import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { extract, type Header } from 'tar-stream';
import { packLayer, pruneCache, writeArchive } from '../../scripts/image-archive.ts';
import { runConfig } from '../../scripts/image-config.ts';
import { directory, fileFrom, fileOf, type Layer, layer } from '../../scripts/image-entries.ts';
import { ROOT } from '../../scripts/image-layers.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-image-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const LONG = `app/${'deep/'.repeat(30)}file.js`;
const LAYER = layer('some', [
  fileOf(LONG, 'long'),
  fileOf('b', 'second'),
  fileOf('a/run', 'first', 0o755),
  directory('tmp', 0o1777),
  directory('data', 0o755, 10_001),
]);

interface Packed {
  readonly digest: string;
  readonly members: Map<string, Buffer>;
}

async function packed(of: readonly Layer[], name: string): Promise<Packed> {
  const cache = join(folder, `cache-${name}`);
  const layers = [];
  for (const each of of) layers.push(await packLayer(each, cache));
  const file = join(folder, `${name}.tar`);
  const reference = 'docker.io/library/sluice:test';
  const { digest } = await writeArchive({ reference, config: await runConfig(ROOT), layers }, file);
  return { digest, members: new Map(await membersOf(await readFile(file))) };
}

async function entriesOf(tar: Buffer): Promise<[Header, Buffer][]> {
  const found: [Header, Buffer][] = [];
  const reader = extract();
  reader.end(tar);
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    found.push([entry.header, Buffer.concat(chunks)]);
  }
  return found;
}

async function membersOf(tar: Buffer): Promise<[string, Buffer][]> {
  return (await entriesOf(tar)).map(([{ name }, bytes]) => [name, bytes]);
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

test('the same content has the same digest, with and without the cache', async () => {
  const first = await packed([LAYER], 'first');
  const second = await packed([LAYER], 'second');
  const again = await packed([LAYER], 'second');
  expect(second.digest).toBe(first.digest);
  expect(again.digest).toBe(first.digest);
  expect([...second.members]).toEqual([...first.members]);
});

test('another content, mode or owner has another digest', async () => {
  const digests = new Set<string>();
  const layers = [
    layer('one', [fileOf('a', 'text')]),
    layer('one', [fileOf('a', 'texts')]),
    layer('one', [fileOf('a', 'text', 0o755)]),
    layer('one', [directory('a')]),
    layer('one', [directory('a', 0o755, 10_001)]),
  ];
  for (const [index, each] of layers.entries()) {
    digests.add((await packed([each], `${index}`)).digest);
  }
  expect(digests.size).toBe(layers.length);
});

test('when a file was written says nothing', async () => {
  const file = join(folder, 'source');
  await writeFile(file, 'text');
  const before = await packed([layer('one', [await fileFrom(file, 'a')])], 'before');
  await utimes(file, 1, 1);
  const after = await packed([layer('one', [await fileFrom(file, 'a')])], 'after');
  expect(after.digest).toBe(before.digest);
});

test('the archive leads to every blob, each of which is what its name says', async () => {
  const { digest, members } = await packed([LAYER, layer('two', [fileOf('c', 'c')])], 'whole');
  const blob = (descriptor: Descriptor): Buffer => {
    const bytes = members.get(descriptor.digest.replace('sha256:', 'blobs/sha256/'));
    expect(bytes?.length).toBe(descriptor.size);
    expect(sha256(bytes!)).toBe(descriptor.digest);
    return bytes!;
  };
  const parse = (bytes: Buffer | undefined): unknown => JSON.parse(String(bytes));
  expect(parse(members.get('oci-layout'))).toEqual({ imageLayoutVersion: '1.0.0' });
  const [top] = (parse(members.get('index.json')) as { manifests: Descriptor[] }).manifests;
  expect(top?.digest).toBe(digest);
  expect(top?.annotations).toEqual({
    'io.containerd.image.name': 'docker.io/library/sluice:test',
    'org.opencontainers.image.ref.name': 'test',
  });
  const manifest = parse(blob(top!)) as { config: Descriptor; layers: Descriptor[] };
  const config = parse(blob(manifest.config)) as { rootfs: { diff_ids: string[] } };
  expect(config.rootfs.diff_ids).toEqual(
    manifest.layers.map((descriptor) => sha256(gunzipSync(blob(descriptor)))),
  );
  expect(config).toMatchObject({ os: 'linux', config: await runConfig(ROOT) });
  expect(parse(members.get('manifest.json'))).toEqual([
    {
      Config: manifest.config.digest.replace('sha256:', 'blobs/sha256/'),
      RepoTags: ['docker.io/library/sluice:test'],
      Layers: manifest.layers.map((each) => each.digest.replace('sha256:', 'blobs/sha256/')),
    },
  ]);
});

test('a layer has its directories, modes and owners, in order and without times', async () => {
  const { path } = await packLayer(LAYER, folder);
  const entries = await entriesOf(gunzipSync(await readFile(path)));
  const heads = entries.map(([head]) => head);
  const names = heads.map(({ name }) => name.replace(/\/$/, ''));
  expect(names).toEqual([...names].sort());
  expect(names).toEqual(expect.arrayContaining(['a', 'a/run', 'b', 'app', 'app/deep', LONG]));
  const head = (name: string): Header | undefined => heads[names.indexOf(name)];
  expect(head('a/run')).toMatchObject({ type: 'file', mode: 0o755, uid: 0, gid: 0 });
  expect(head('tmp')).toMatchObject({ type: 'directory', mode: 0o1777 });
  expect(head('data')).toMatchObject({ type: 'directory', uid: 10_001, gid: 10_001 });
  expect(new Set(heads.map(({ mtime }) => mtime?.getTime()))).toEqual(new Set([0]));
});

test('a file that changes while it is packed fails the image and leaves nothing', async () => {
  const texts = ['before', 'after!'];
  const read = (): Promise<Buffer> => Promise.resolve(Buffer.from(texts.shift() ?? ''));
  const changing = layer('one', [{ ...fileOf('a', 'before'), read }]);
  await expect(packLayer(changing, join(folder, 'cache'))).rejects.toThrow(
    'files of the layer one changed while it was packed',
  );
  expect(await readdir(join(folder, 'cache'))).toEqual([]);
});

test('the cache forgets what was not used for a day', async () => {
  const old = await packLayer(LAYER, folder);
  await utimes(old.path, 1, 1);
  const recent = await packLayer(layer('two', [fileOf('c', 'c')]), folder);
  await pruneCache(folder);
  expect((await packLayer(LAYER, folder)).wasCached).toBe(false);
  await expect(readFile(recent.path)).resolves.toBeDefined();
});
