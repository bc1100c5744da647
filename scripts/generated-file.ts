/** What the generating scripts share: format, then write, or with `--check` compare. */
import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';

const ROOT = new URL('../', import.meta.url);

/** The text as it is committed: formatted by the project's own rules. */
export async function formatted(path: string, text: string): Promise<string> {
  const file = new URL(path, ROOT).pathname;
  return format(text, { ...(await resolveConfig(file)), filepath: file });
}

export async function isCurrent(path: string, text: string): Promise<boolean> {
  const committed = await readFile(new URL(path, ROOT), 'utf8');
  return committed === (await formatted(path, text));
}

/** `path` is from the top of the project. */
export async function writeOrCheck(path: string, text: string): Promise<void> {
  if (!process.argv.includes('--check')) {
    await writeFile(new URL(path, ROOT), await formatted(path, text));
    return;
  }
  if (await isCurrent(path, text)) return;
  console.error(`${path} is not current: run \`node ${process.argv[1]}\``);
  process.exitCode = 1;
}
