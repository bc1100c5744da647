import { expect, test } from '@jest/globals';
import { lines } from '#kube/lines';

async function linesOf(chunks: readonly string[], bytesMax = 100): Promise<string[]> {
  async function* bytes() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const found: string[] = [];
  for await (const line of lines(bytes(), bytesMax)) found.push(line);
  return found;
}

test('lines are found wherever they are cut', async () => {
  const text = '{"a":1}\n{"b":"ü"}\n\n{"c":3}\nrest';
  for (let size = 1; size <= text.length; size += 1) {
    const chunks = text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'gu')) ?? [];
    expect(await linesOf(chunks)).toEqual(['{"a":1}', '{"b":"ü"}', '{"c":3}']);
  }
});

test('a character that is cut in two stays whole', async () => {
  async function* bytes() {
    const whole = Buffer.from('ü\n');
    yield whole.subarray(0, 1);
    yield whole.subarray(1);
  }
  const found: string[] = [];
  for await (const line of lines(bytes(), 100)) found.push(line);
  expect(found).toEqual(['ü']);
});

test('a line without end is not kept in memory', async () => {
  await expect(linesOf(['12345', '67890'], 8)).rejects.toThrow(RangeError);
  expect(await linesOf(['12345\n67890\n'], 8)).toEqual(['12345', '67890']);
});
