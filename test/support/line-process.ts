/** A script in a process of its own that is spoken with in lines. */
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { until } from '#support/until';

const ANSWER_MS = 30_000;

export class LineProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<unknown>;
  readonly lines: string[] = [];
  #errors = '';

  constructor(script: string, ...args: readonly string[]) {
    this.#child = spawn(process.execPath, [script, ...args]);
    this.#ended = once(this.#child, 'close');
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.lines.push(line));
    this.#child.stderr.on('data', (bytes) => (this.#errors += String(bytes)));
    this.#child.stdin.on('error', () => undefined); // it was killed
  }

  write(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Resolves when it has written this line. */
  async line(wanted: string): Promise<void> {
    await until(
      ANSWER_MS,
      () => this.lines.includes(wanted),
      () => `no line ${JSON.stringify(wanted)}; ${this.lines.length} others; ${this.#errors}`,
    );
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
