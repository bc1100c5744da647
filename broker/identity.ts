/** Who this broker is, and the key of its receipt handles: made once, kept beside the log. */
import { randomBytes, randomUUID } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';

import { z } from 'zod';

import { writeDurably } from '#lib/durable-file';

import { RECEIPT_KEY_BYTES } from '#broker/consume/receipt';

const FILE_NAME = 'identity.json';
const FORMAT_VERSION = 1;
const ONLY_OWNER = 0o600;

const schema = z.strictObject({
  formatVersion: z.literal(FORMAT_VERSION),
  id: z.uuid(),
  receiptKey: z.hex().length(RECEIPT_KEY_BYTES * 2),
});

export interface Identity {
  /** A UUID that goes with the volume, not with the address. */
  id: string;
  /** Signs receipt handles; 16 bytes. */
  receiptKey: Buffer;
}

/**
 * Reads the identity in `directory`, or makes one. Throws when there is one that can't be right.
 */
export async function keepIdentity(directory: string): Promise<Identity> {
  const file = path.join(directory, FILE_NAME);
  const text = await fs.readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? create(directory, file) : parse(text, file);
}

function parse(text: string, file: string): Identity {
  try {
    const { id, receiptKey } = schema.parse(JSON.parse(text));
    return { id, receiptKey: Buffer.from(receiptKey, 'hex') };
  } catch (cause) {
    throw new Error(
      `${file} is damaged; remove it to have a new one made (receipt handles given out before ` +
        'become invalid, nothing else is lost)',
      { cause },
    );
  }
}

async function create(directory: string, file: string): Promise<Identity> {
  const receiptKey = randomBytes(RECEIPT_KEY_BYTES);
  const id = randomUUID();
  const content = { formatVersion: FORMAT_VERSION, id, receiptKey: receiptKey.toString('hex') };
  await fs.mkdir(directory, { recursive: true });
  await writeDurably(file, `${JSON.stringify(content, undefined, 2)}\n`, ONLY_OWNER);
  return { id, receiptKey };
}
