/**
 * Faults of a cluster, by commands that variables hold; a node's letter is appended to those of
 * nodes. Tests of faults that there are no commands for are skipped, and say so.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { test } from '@jest/globals';

export type Fault =
  | 'CLUSTER_KILL_NODE'
  | 'CLUSTER_START_NODE'
  | 'CLUSTER_CUT'
  | 'CLUSTER_HEAL'
  | 'CLUSTER_PAUSE_API'
  | 'CLUSTER_RESUME_API';

const COMMAND_MS = 120_000;

/** As `test`, where there are commands for all of the faults. */
export function testWithFaults(
  faults: readonly Fault[],
  name: string,
  body: () => Promise<void>,
  timeoutMs: number,
): void {
  const missing = faults.filter((fault) => process.env[fault] === undefined);
  if (missing.length === 0) {
    test(name, body, timeoutMs);
    return;
  }
  console.warn(`SKIPPED for want of ${missing.join(', ')}: ${name}`);
  test.skip(name, body);
}

/** `node` is the letter of its name: a for node-a. */
export async function inflict(fault: Fault, node?: string): Promise<void> {
  const command = process.env[fault];
  if (command === undefined) throw new Error(`set ${fault}`);
  const line = node === undefined ? command : `${command} ${node}`;
  await promisify(execFile)('sh', ['-c', line], { timeout: COMMAND_MS });
}
