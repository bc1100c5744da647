/** The frame layer as h2spec sees it: every case, also the strict ones. README.md */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startSluice, type SluiceProcess } from '#support/sluice-process';
import { findTool, hasTools, type Tool } from '#support/tool';

/** Of h2spec 2.2.1: fewer would mean that some were left out. */
const CASES = 146;
const CASE_SECONDS = 5;

interface Report {
  readonly cases: number;
  readonly problems: readonly string[];
}

const h2spec = findTool('h2spec', 'H2SPEC');
if (hasTools({ h2spec }, 'what h2spec has to say')) testWith(h2spec!);

function testWith(tool: Tool): void {
  let sluice: SluiceProcess | undefined;

  beforeAll(async () => {
    sluice = await startSluice({ arguments: ['--transport', 'wire'] });
  });

  afterAll(() => sluice?.dispose());

  test.each([
    { name: 'plaintext', flags: [] },
    { name: 'TLS', flags: ['--tls', '--insecure'] },
  ])('h2spec, $name', async ({ flags }) => {
    const { cases, problems } = await reportOf(tool, sluice!.grpc, flags);
    expect(problems).toEqual([]);
    expect(cases).toBe(CASES);
    expect(sluice!.running).toBe(true);
  });
}

async function reportOf(tool: Tool, address: string, flags: readonly string[]): Promise<Report> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-h2spec-'));
  try {
    const file = join(directory, 'report.xml');
    const [host = '', port = ''] = address.split(':');
    const { output } = await tool(
      '--host',
      host,
      '--port',
      port,
      '--timeout',
      `${CASE_SECONDS}`,
      '--strict',
      '--junit-report',
      file,
      ...flags,
      'generic',
      'http2',
      'hpack',
    );
    const report = await readFile(file, 'utf8').catch(() => {
      throw new Error(`h2spec left no report:\n${output.toString()}`);
    });
    return readReport(report);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Skipped cases are problems as well: there is none that does not apply. */
function readReport(xml: string): Report {
  const matches = [
    ...xml.matchAll(/<testcase package="(.*?)" classname="(.*?)".*?>(.*?)<\/testcase>/gs),
  ];
  const problems = matches
    .filter(([, , , outcome]) => outcome !== '')
    .map(([, section, title, outcome]) => `${section} ${title}: ${outcome}`);
  return { cases: matches.length, problems };
}
