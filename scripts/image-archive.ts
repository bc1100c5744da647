/**
 * An image as one file, as the OCI image layout has it (`ctr images import`, `skopeo`), with the
 * list beside it that `docker load` reads.
 */
import { createReadStream, createWriteStream, existsSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { RunConfig } from './image-config.ts';
import type { Layer } from './image-entries.ts';
import {
  archiveTar,
  type Digest,
  digestOf,
  digestOfStream,
  layerTar,
  type Member,
  writeGzip,
} from './image-tar.ts';

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip';
const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';
const CACHE_KEPT_MS = 24 * 3600 * 1000;
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

export interface PackedLayer {
  readonly name: string;
  readonly files: number;
  /** Uncompressed; its digest is what the configuration names. */
  readonly content: Digest;
  readonly compressed: Digest;
  readonly path: string;
  readonly wasCached: boolean;
}

/** A layer whose content has been packed before is taken from the cache. */
export async function packLayer(layer: Layer, cache: string): Promise<PackedLayer> {
  const content = await digestOfStream(layerTar(layer.entries));
  const path = join(cache, `${hexOf(content)}.tar.gz`);
  const wasCached = existsSync(path);
  if (!wasCached) {
    await writeOnce(path, async (part) => {
      const written = await writeGzip(layerTar(layer.entries), part);
      if (written.digest !== content.digest) {
        throw new Error(`files of the layer ${layer.name} changed while it was packed`);
      }
    });
  }
  const now = new Date();
  await utimes(path, now, now);
  const compressed = await digestOfStream(createReadStream(path));
  const files = layer.entries.filter(({ kind }) => kind === 'file').length;
  return { name: layer.name, files, content, compressed, path, wasCached };
}

/** Removes what has not been used for a while, also by another run at the same time. */
export async function pruneCache(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const path = join(cache, name);
    // Another run may have removed or renamed it by now.
    const usedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - usedMs > CACHE_KEPT_MS) await rm(path, { force: true });
  }
}

/** What was interrupted must not look complete. */
async function writeOnce(path: string, write: (part: string) => Promise<void>): Promise<void> {
  const part = `${path}.${process.pid}.part`;
  await mkdir(dirname(path), { recursive: true });
  try {
    await write(part);
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

export interface Image {
  /** `registry/name:tag`, complete. */
  readonly reference: string;
  readonly config: RunConfig;
  readonly layers: readonly PackedLayer[];
}

/** Writes the archive and returns the digest of the image. */
export async function writeArchive(image: Image, file: string): Promise<Digest> {
  const { members, manifest } = archiveOf(image);
  await writeOnce(file, (part) => pipeline(archiveTar(members), createWriteStream(part)));
  return manifest;
}

function archiveOf({ reference, config, layers }: Image): { members: Member[]; manifest: Digest } {
  const configBytes = json(imageConfig(config, layers));
  const descriptors = layers.map(({ compressed }) => ({ mediaType: LAYER_TYPE, ...compressed }));
  const manifestBytes = json({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: { mediaType: CONFIG_TYPE, ...digestOf(configBytes) },
    layers: descriptors,
  });
  const manifest = digestOf(manifestBytes);
  const index = {
    schemaVersion: 2,
    mediaType: INDEX_TYPE,
    manifests: [{ mediaType: MANIFEST_TYPE, ...manifest, platform, annotations: names(reference) }],
  };
  const dockerList = {
    Config: blobName(digestOf(configBytes)),
    RepoTags: [reference],
    Layers: layers.map(({ compressed }) => blobName(compressed)),
  };
  const members = [
    { name: 'oci-layout', bytes: json({ imageLayoutVersion: '1.0.0' }) },
    { name: 'index.json', bytes: json(index) },
    { name: 'manifest.json', bytes: json([dockerList]) },
    { name: blobName(digestOf(configBytes)), bytes: configBytes },
    { name: blobName(manifest), bytes: manifestBytes },
    ...layers.map(({ compressed, path }) => ({
      name: blobName(compressed),
      file: path,
      size: compressed.size,
    })),
  ];
  return { members, manifest };
}

const platform = { architecture: ARCHITECTURES[process.arch] ?? process.arch, os: 'linux' };

/** containerd takes its name from the first, other tools the tag from the second. */
function names(reference: string): Record<string, string> {
  return {
    'io.containerd.image.name': reference,
    'org.opencontainers.image.ref.name': reference.slice(reference.lastIndexOf(':') + 1),
  };
}

function imageConfig(config: RunConfig, layers: readonly PackedLayer[]): object {
  return {
    created: new Date(0).toISOString(),
    ...platform,
    config,
    rootfs: { type: 'layers', diff_ids: layers.map(({ content }) => content.digest) },
    history: layers.map(({ name }) => ({ created: new Date(0).toISOString(), created_by: name })),
  };
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function hexOf({ digest }: Digest): string {
  return digest.slice('sha256:'.length);
}

function blobName(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}
