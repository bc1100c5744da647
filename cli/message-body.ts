/** Where the body of a message comes from: the argument itself, a file, or standard input. */
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { UsageError } from '#cli/failure';

/** `text`, `@file`, `-` for standard input; or `sizeBytes` made-up bytes without an argument. */
export async function messageBody(
  argument: string | undefined,
  sizeBytes: number | undefined,
): Promise<Buffer> {
  if (argument !== undefined && sizeBytes !== undefined) {
    throw new UsageError('give a body or --body-size, not both');
  }
  if (sizeBytes !== undefined) return madeUpBody(sizeBytes);
  if (argument === undefined) {
    throw new UsageError("a message needs a body: 'some text', @file, - (stdin) or --body-size N");
  }
  if (argument === '-') return buffer(process.stdin);
  return argument.startsWith('@') ? readBody(argument.slice(1)) : Buffer.from(argument, 'utf8');
}

async function readBody(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`the body can't be read: ${reason}`, { cause });
  }
}

/** Text that is easy to tell from real content. */
function madeUpBody(sizeBytes: number): Buffer {
  return Buffer.alloc(sizeBytes, '0123456789abcdef');
}
