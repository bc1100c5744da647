/**
 * What `npm test` runs: types, lint, format, unused code, then every test. Ends with one line,
 * `N passed, N failed`, where each check counts as one; exits with 1 if anything failed.
 *
 *   npm test                    everything but the slow suites (*.slow.test.ts), and those that
 *                               need nodes of a cluster (*.cluster.test.ts)
 *   npm test -- --slow          the slow ones too
 *   npm run test:cluster        those that need nodes, one after the other
 *   npm test -- test/lib log    no checks, only the tests whose path matches one of these
 *
 * Where no more than a few files fail, they run once more, by themselves: many tests start real
 * processes, and a machine that stood still for seconds has not shown a fault. Such a file is
 * named as UNSTEADY at the end, so that somebody looks at it; a file that fails twice has failed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BIN = join(ROOT, 'node_modules', '.bin');
const ENV = { ...process.env, PATH: `${BIN}${delimiter}${process.env['PATH'] ?? ''}` };

interface Totals {
  readonly passed: number;
  readonly failed: number;
}

interface Check {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const CHECKS: readonly Check[] = [
  { name: 'types', command: 'tsc', args: ['--noEmit'] },
  { name: 'lint', command: 'oxlint', args: ['--type-aware', '--deny-warnings'] },
  { name: 'format', command: 'prettier', args: ['--check', '--log-level', 'warn', '.'] },
  { name: 'unused code', command: 'knip', args: ['--no-progress'] },
];

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const suites = { slow: args.includes('--slow'), cluster: args.includes('--cluster') };
  const paths = args.filter((argument) => argument !== '--slow' && argument !== '--cluster');
  const totals: Totals[] = [];
  for (const check of paths.length === 0 ? CHECKS : []) totals.push(await runCheck(check));
  totals.push(await runJest(paths, suites));
  const passed = totals.reduce((sum, each) => sum + each.passed, 0);
  const failed = totals.reduce((sum, each) => sum + each.failed, 0);
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0 || passed === 0) process.exitCode = 1;
}

async function runCheck({ name, command, args }: Check): Promise<Totals> {
  const startMs = performance.now();
  const isGood = (await run(command, args)) === 0;
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(`${isGood ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  return isGood ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** More than these are no accident. */
const REPEATED_FILES_MAX = 5;

/** What jest writes with --json, as far as it is needed here. */
interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  /** Suites that could not even be loaded. */
  readonly numRuntimeErrorTestSuites: number;
  /** Of each file. */
  readonly testResults: readonly FileReport[];
}

interface FileReport {
  /** Its path. */
  readonly name: string;
  readonly status: string;
  readonly assertionResults: readonly { readonly status: string }[];
}

/** How a run of jest went. */
interface JestRun {
  readonly report: JestReport | undefined;
  readonly totals: Totals;
}

type Suites = Readonly<Record<'slow' | 'cluster', boolean>>;

async function runJest(paths: readonly string[], suites: Suites): Promise<Totals> {
  const left = (['slow', 'cluster'] as const).filter((suite) => !suites[suite]);
  const first = await jest([
    ...left.map((suite) => `--testPathIgnorePatterns=\\.${suite}\\.test\\.ts$`),
    // They have the cluster to themselves.
    ...(suites.cluster ? ['--runInBand'] : []),
    ...(paths.length > 0 ? ['--testPathPatterns', ...paths] : []),
  ]);
  const failed = (first.report?.testResults ?? []).filter(({ status }) => status === 'failed');
  if (failed.length === 0 || failed.length > REPEATED_FILES_MAX) return first.totals;
  const files = failed.map(({ name }) => name);
  console.log(`once more, by themselves: ${files.join(' ')}`);
  const again = await jest(['--runInBand', '--runTestsByPath', ...files]);
  for (const { name, status } of again.report?.testResults ?? []) {
    if (status === 'passed') console.log(`UNSTEADY ${name}: it failed, then passed by itself`);
  }
  const passed = failed.flatMap(({ assertionResults }) => assertionResults).filter(hasPassed);
  return {
    passed: first.totals.passed - passed.length + again.totals.passed,
    failed: again.totals.failed,
  };
}

function hasPassed({ status }: { readonly status: string }): boolean {
  return status === 'passed';
}

async function jest(options: readonly string[]): Promise<JestRun> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-jest-'));
  const reportFile = join(directory, 'report.json');
  try {
    const exitCode = await run(process.execPath, [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js'),
      '--json',
      `--outputFile=${reportFile}`,
      ...options,
    ]);
    const report = await readReport(reportFile);
    return { report, totals: totalsOf(report, exitCode) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function readReport(file: string): Promise<JestReport | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as JestReport;
  } catch (error) {
    console.error('jest left no report:', error);
    return undefined;
  }
}

function totalsOf(report: JestReport | undefined, exitCode: number): Totals {
  if (!report) return { passed: 0, failed: 1 };
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  // A test run that fails as a whole, e.g. for no tests at all, is a failure too.
  const isUnexplained = exitCode !== 0 && failed === 0;
  return { passed: report.numPassedTests, failed: isUnexplained ? 1 : failed };
}

/** Everything that the command prints is passed on as it comes; jest's JSON goes to its file. */
async function run(command: string, args: readonly string[]): Promise<number> {
  const child = spawn(command, args, {
    cwd: ROOT,
    env: ENV,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

await main();
