import fs from 'node:fs/promises';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ClassicLevel } from 'classic-level';

import { IndexDamageError } from '#broker/store/damage';
import { IndexDatabase, put } from '#broker/store/index-database';
import { groupKey, tableRange } from '#broker/store/index-keys';
import { temporaryDirectory } from '#support/core';

const VALUE = Buffer.from('value');

describe('the index database', () => {
  let directory: string;
  let index: IndexDatabase;

  beforeEach(async () => {
    directory = await temporaryDirectory();
    index = await IndexDatabase.open(directory);
  });

  afterEach(async () => {
    await index.close();
    await fs.rm(directory, { recursive: true });
  });

  async function reopen(): Promise<void> {
    await index.close();
    index = await IndexDatabase.open(directory);
  }

  /** Does to the database what no code of ours would. */
  async function tamper(work: (db: ClassicLevel<Buffer, Buffer>) => Promise<void>): Promise<void> {
    await index.close();
    const options = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const;
    const db = new ClassicLevel<Buffer, Buffer>(directory, options);
    await work(db);
    await db.close();
  }

  test('knows how far it goes, and where the log began', async () => {
    expect(index.applied()).toBeUndefined();
    await index.write([put(groupKey(1), VALUE)], 100);
    await index.write([], 200);
    await index.setLogStart(50);
    await reopen();
    expect(index.applied()).toBe(200);
    expect(index.logStart).toBe(50);
    expect(await index.entries(tableRange('group'))).toEqual([[groupKey(1), VALUE]]);
  });

  test('has one mark when a batch and a new start of the log come at once', async () => {
    for (let position = 100; position < 500; position += 100) {
      await Promise.all([index.write([], position), index.setLogStart(position)]);
      await Promise.all([index.setLogStart(position + 1), index.write([], position + 50)]);
    }
    await reopen();
    expect(index.applied()).toBe(450);
    expect(index.logStart).toBe(401);
  });

  test('lacks a batch where two marks are left: it is damaged', async () => {
    await index.write([], 100);
    const before = await markOf();
    await index.write([put(groupKey(1), VALUE)], 200);
    await index.write([], 300);
    await tamper((db) => db.put(before.key, before.value)); // as if the second had never been
    await expect(IndexDatabase.open(directory)).rejects.toBeInstanceOf(IndexDamageError);
  });

  test('is damaged without a mark', async () => {
    await index.write([put(groupKey(1), VALUE)], 100);
    const { key } = await markOf();
    await tamper((db) => db.del(key));
    await expect(IndexDatabase.open(directory)).rejects.toBeInstanceOf(IndexDamageError);
    const errors: unknown[] = [];
    index = await IndexDatabase.openSound(directory, (error) => errors.push(error));
    expect(errors).toHaveLength(1);
    expect(await index.entries(tableRange('group'))).toEqual([]);
  });

  test('a value that is not what was put there is found out, and condemns all of it', async () => {
    await index.write([put(groupKey(1), VALUE), put(groupKey(2), VALUE)], 100);
    await tamper(async (db) => {
      const stored = (await db.get(groupKey(1))) as Buffer;
      await db.put(groupKey(2), stored); // intact, but another key's
    });
    index = await IndexDatabase.open(directory);
    const reading = index.entries(tableRange('group'));
    await expect(reading).rejects.toBeInstanceOf(IndexDamageError);
    await index.write([], 200);
    await index.close();
    await expect(IndexDatabase.open(directory)).rejects.toBeInstanceOf(IndexDamageError);
  });

  test('is not taken from another process, nor made anew under it', async () => {
    const errors: unknown[] = [];
    const again = (): Promise<unknown> => IndexDatabase.openSound(directory, (e) => errors.push(e));
    await index.write([put(groupKey(1), VALUE)], 100);
    await expect(again()).rejects.toThrow('in use by another process');
    // A table that is being written looks like a damaged one.
    await fs.writeFile(path.join(directory, '000099.ldb'), 'not finished');
    await expect(again()).rejects.toThrow('in use by another process');
    expect(errors).toEqual([]);
  });

  async function markOf(): Promise<{ key: Buffer; value: Buffer }> {
    let mark: { key: Buffer; value: Buffer } | undefined;
    await tamper(async (db) => {
      const [entry] = await db.iterator(tableRange('applied')).all();
      if (entry) mark = { key: entry[0], value: entry[1] };
    });
    index = await IndexDatabase.open(directory);
    if (!mark) throw new Error('there is no mark');
    return mark;
  }
});
