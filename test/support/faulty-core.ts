/** A broker core whose log lies on a disk with faults, and whose index is real. */
import fs from 'node:fs/promises';
import path from 'node:path';

import type { Core, CoreOptions } from '#broker/core';
import { openCore, temporaryDirectory } from '#support/core';
import { FaultFiles } from '#support/fault-files';
import { ManualClock } from '#support/manual-clock';
import type { Unsynced } from '#support/memory-disk';

export class FaultyCore {
  readonly directory: string;
  readonly clock = new ManualClock();
  readonly #overrides: Partial<CoreOptions>;
  files = new FaultFiles();
  core!: Core;

  private constructor(directory: string, overrides: Partial<CoreOptions>) {
    this.directory = directory;
    this.#overrides = overrides;
  }

  static async open(overrides: Partial<CoreOptions> = {}): Promise<FaultyCore> {
    const faulty = new FaultyCore(await temporaryDirectory(), overrides);
    await faulty.#open();
    return faulty;
  }

  async #open(): Promise<void> {
    const { files, clock } = this;
    this.core = await openCore(this.directory, { files, clock, ...this.#overrides });
  }

  /** The process dies, and another one begins with what is left. */
  async crash(unsynced: Unsynced, index: 'left' | 'lost' = 'left', seed = 1): Promise<void> {
    await this.stop();
    this.files = this.files.afterCrash({ unsynced, seed });
    await this.#reopen(index);
  }

  async #reopen(index: 'left' | 'lost'): Promise<void> {
    if (index === 'lost') await fs.rm(path.join(this.directory, 'index'), { recursive: true });
    await this.#open();
  }

  /** The process dies. */
  async stop(): Promise<void> {
    this.files.crash();
    await this.core.close();
  }

  /** The process ends as it should, and another one begins. */
  async restart(index: 'left' | 'lost' = 'left'): Promise<void> {
    await this.core.close();
    await this.#reopen(index);
  }

  async dispose(): Promise<void> {
    await this.stop();
    await fs.rm(this.directory, { recursive: true, force: true });
  }
}
