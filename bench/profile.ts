/** What a CPU profile says about the parts of a server: self time, by the folder of the code. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The V8 format, as far as it is read here; times are in µs of the monotonic clock. */
interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
  };
  readonly children?: readonly number[];
}

/** Node's own code, when no part of the server called it. */
const RUNTIME = 'node runtime';

/** Code by its address, first match wins. */
const GROUPS: readonly (readonly [group: string, pattern: RegExp])[] = [
  ['transport', /@grpc\/grpc-js|\/proto\/(grpc-transport|grpc-js|grpc-wire|http2)\//],
  ['transport', /^node:(internal\/)?(http2|net|tls|stream|streams|js_stream_socket)/],
  ['store', /\/broker\/store\/|classic-level|abstract-level|^node:(internal\/)?fs/],
  ['consume', /\/broker\/consume\//],
  ['produce', /\/broker\/(produce|admit|topic)\//],
  ['codec', /\/proto\/|\/broker\/grpc\/|protobufjs|proto-loader|long\/|\/lib\/protobuf/],
  [RUNTIME, /^node:/],
  ['other', /./],
];

/** Frames without an address that are no part of any function. */
const OUTSIDE: ReadonlyMap<string, string> = new Map([
  ['(garbage collector)', 'gc'],
  ['(program)', 'native'],
  ['(idle)', 'idle'],
  ['(root)', 'native'],
]);

export interface FunctionCost {
  readonly group: string;
  readonly name: string;
  readonly micros: number;
}

export interface ProfileSummary {
  /** Self time in µs, by group. */
  readonly groups: ReadonlyMap<string, number>;
  /** The costliest first. */
  readonly functions: readonly FunctionCost[];
}

interface Place {
  readonly group: string;
  readonly name: string;
}

function groupOf(url: string): string {
  return GROUPS.find(([, pattern]) => pattern.test(url))?.[0] ?? 'other';
}

/**
 * Native functions, which have no address, and Node's own helpers (hashes, buffers, events) count
 * for the part that called them.
 */
function placesOf(nodes: readonly ProfileNode[]): Map<number, Place> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const places = new Map<number, Place>();
  const visit = (node: ProfileNode, caller: string): void => {
    const { functionName, url, lineNumber } = node.callFrame;
    const outside = OUTSIDE.get(functionName);
    const own = url === '' ? RUNTIME : groupOf(url);
    const group = outside ?? (own === RUNTIME ? caller : own);
    const file = url.replace(/^file:\/\//, '').replace(/^.*\/node_modules\//, '');
    const place = url === '' ? functionName : `${functionName || '(anonymous)'} ${file}`;
    places.set(node.id, { group, name: url === '' ? place : `${place}:${lineNumber + 1}` });
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child !== undefined) visit(child, outside === undefined ? group : caller);
    }
  };
  const root = nodes[0];
  if (root !== undefined) visit(root, RUNTIME);
  return places;
}

/** Self times between two moments of the monotonic clock. */
export function summarize(
  profile: CpuProfile,
  window: { readonly startMicros: number; readonly endMicros: number },
): ProfileSummary {
  const places = placesOf(profile.nodes);
  const groups = new Map<string, number>();
  const functions = new Map<string, FunctionCost>();
  let at = profile.startTime;
  profile.samples.forEach((id, index) => {
    at += profile.timeDeltas[index] ?? 0;
    // A sample stands for the time until the next one.
    const micros = profile.timeDeltas[index + 1] ?? 0;
    const place = places.get(id);
    if (place === undefined || at < window.startMicros || at > window.endMicros) return;
    groups.set(place.group, (groups.get(place.group) ?? 0) + micros);
    const key = `${place.group} ${place.name}`;
    const known = functions.get(key)?.micros ?? 0;
    functions.set(key, { ...place, micros: known + micros });
  });
  return {
    groups: new Map([...groups].toSorted(([, a], [, b]) => b - a)),
    functions: [...functions.values()].toSorted((a, b) => b.micros - a.micros),
  };
}

/** The profile of the server in a directory: the largest, as its helpers leave theirs there. */
export async function readProfile(directory: string): Promise<CpuProfile> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.cpuprofile'));
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  const largest = texts.toSorted((a, b) => b.length - a.length)[0];
  if (largest === undefined) throw new Error(`the server left no CPU profile in ${directory}`);
  return JSON.parse(largest) as CpuProfile;
}
