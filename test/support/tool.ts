/** Programs of others, which tests run where the machine has them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { test } from '@jest/globals';

export interface Ended {
  readonly code: number | null;
  readonly output: Buffer;
  readonly errors: string;
}

/** Runs it to its end, which must come within a while. */
export type Tool = (...args: readonly string[]) => Promise<Ended>;

const TOOL_MS = 60_000;

/** From the file that an environment variable names, or on the PATH; undefined for none. */
export function findTool(name: string, environmentVariable?: string): Tool | undefined {
  const named = environmentVariable === undefined ? '' : (process.env[environmentVariable] ?? '');
  const directories = (process.env['PATH'] ?? '').split(delimiter);
  const candidates = directories.map((directory) => join(directory, name));
  const path = named === '' ? candidates.find((candidate) => isProgram(candidate)) : named;
  return path === undefined ? undefined : (...args) => run(path, args);
}

/** Says loudly what is not tested; returns whether all tools are there. */
export function hasTools(tools: Readonly<Record<string, Tool | undefined>>, what: string): boolean {
  const missing = Object.keys(tools).filter((name) => !tools[name]);
  if (missing.length === 0) return true;
  const names = missing.join(', ');
  console.warn(`NOT TESTED: ${what}; there is no ${names} on this machine`);
  test.skip(`SKIPPED, since ${names} is missing: ${what}`, () => undefined);
  return false;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function run(path: string, args: readonly string[]): Promise<Ended> {
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: TOOL_MS });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [output, errors, [code]] = await Promise.all([
    buffer(child.stdout),
    text(child.stderr),
    closed,
  ]);
  return { code, output, errors };
}
